import { confirmChange, confirmOptions } from '../../cli/confirm.ts';
import { changing, dryRunOption } from '../../cli/dry-run.ts';
import { Failure } from '../../core/errors.ts';
import { readGivenFile } from '../certificate-options.ts';
import { command } from '../define.ts';
import { licenseView } from './show.ts';

export const licenseUpload = command({
  path: ['license', 'upload'],
  summary: { en: "Replace ECP's license", zh: '更新 ECP 许可证' },
  description: { en: 'For system administrators.', zh: '仅限系统管理员。' },
  intent: 'mutates',
  args: [{ name: 'file', help: { en: 'File with the license', zh: '许可证文件' } }],
  options: { ...confirmOptions, ...dryRunOption },
  examples: [{ run: 'ecpctl license upload ecp.lic --yes', help: { en: 'Without being asked', zh: '不再询问' } }],
  async run(context, { args, options }) {
    const text = readGivenFile(args.file);
    if (text.trim() === '') {
      throw new Failure('unusable_path', { path: args.file, reason: { en: 'the file is empty', zh: '文件为空' } });
    }
    const action = { en: "replacement of ECP's license", zh: '更新 ECP 许可证' };
    if (!options.dryRun) await confirmChange(context, { action, name: 'license', weight: 'interrupts' }, options);
    await changing(context, options.dryRun, async ({ platform }) => {
      await context.out.item(await platform.uploadLicense(text, context.signal), licenseView);
    });
  },
});
