import { Failure } from '../core/errors.ts';
import { readGivenFile } from './certificate-options.ts';
import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const emqxLicense = command({
  path: ['emqx-license'],
  summary: { en: 'Give a hosted cluster another EMQX license', zh: '更新托管集群的 EMQX 许可证' },
  description: {
    en: "This is EMQX's own license. ECP's license is: ecpctl license",
    zh: '此处为 EMQX 自身的许可证。ECP 的许可证见：ecpctl license',
  },
  intent: 'mutates',
  args: [clusterArg, { name: 'file', help: { en: 'File with the license', zh: '许可证文件' } }],
  options: changeOptions,
  examples: [{ run: 'ecpctl emqx-license plant-1 emqx.lic --yes', help: { en: 'From a file', zh: '从文件读取' } }],
  async run(context, { args, options }) {
    const license = readGivenFile(args.file).trim();
    if (license === '') {
      throw new Failure('unusable_path', { path: args.file, reason: { en: 'the file is empty', zh: '文件为空' } });
    }
    await changeCluster(context, args.cluster, options, {
      feature: 'license',
      weight: 'interrupts',
      goal: ['running'],
      what: (name) => ({ en: `new EMQX license for ${name}`, zh: `更新 ${name} 的 EMQX 许可证` }),
      send: (clusters, { at }) => clusters.changeLicense(at, { license }, context.signal),
    });
  },
});
