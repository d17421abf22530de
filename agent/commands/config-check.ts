import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { define } from './context.ts';

export const configCheck = define({
  path: ['config', 'check'],
  summary: { en: 'Check agent.yaml', zh: '检查 agent.yaml' },
  description: {
    en: 'Names the line of the first mistake and what is allowed there, and exits with 78. With -o json or yaml it shows the settings as they are in force, defaults filled in.',
    zh: '指出第一处错误的行号和允许的值，并以退出码 78 结束。使用 -o json 或 yaml 显示包含默认值的生效设置。',
  },
  intent: 'reads',
  args: [{ name: 'file', optional: true, help: { en: 'Another file than that of the home', zh: '检查其他文件' } }],
  examples: [
    { run: 'emqxee-agent config check', help: { en: 'The file in force', zh: '检查当前文件' } },
    { run: 'emqxee-agent config check new.yaml', help: { en: 'Before it is put in place', zh: '替换之前先检查' } },
  ],
  async run(context, { args }) {
    const home = context.home();
    const path = args.file === undefined ? home.config : resolve(args.file);
    const { complete, loadConfig } = await import('../config/load.ts');
    const config = args.file === undefined ? await loadConfig(home) : await other(path);
    if (context.out.machine) return context.out.data(config);
    context.out.note({ en: '{path} is fine.', zh: '{path} 没有问题。' }, { path });

    async function other(file: string) {
      let source: string;
      try {
        source = readFileSync(file, 'utf8');
      } catch (error) {
        throw new Failure('unusable_path', { path: file, reason: reasonOf(error) });
      }
      const { parseConfig } = await import('../config/parse.ts');
      return complete(parseConfig(source, file), { ...home, config: file });
    }
  },
});
