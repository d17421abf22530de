import { findCluster } from '../cli/clusters.ts';
import { usage } from '../core/errors.ts';
import { failureOfChannel } from './channel.ts';
import { clusterArg, command } from './define.ts';
import { rawCall, rawOptions } from './raw-call.ts';

export const emqx = command({
  path: ['emqx'],
  summary: { en: "Call EMQX's own API of a cluster, through ECP", zh: '通过 ECP 调用集群自身的 EMQX API' },
  description: {
    en: "Status and body are EMQX's own. Viewers may only read. What writes is sent as it is typed, without a question; in a protected context the name of the cluster confirms it.",
    zh: '状态码和响应体均来自 EMQX。普通用户只能读取。写操作按输入直接发送，不再询问；在受保护的上下文中需用集群名称确认。',
  },
  intent: 'mutates',
  args: [
    clusterArg,
    { name: 'path', help: { en: "Path of EMQX's API: /api/v5/nodes", zh: 'EMQX API 的路径：/api/v5/nodes' } },
  ],
  options: rawOptions,
  examples: [
    { run: 'ecpctl emqx line-7 /api/v5/nodes', help: { en: 'Read', zh: '读取' } },
    { run: `ecpctl emqx line-7 /api/v5/banned -d '{"as":"clientid","who":"x1"}'`, help: { en: 'Write', zh: '写入' } },
  ],
  async run(context, { args, options }) {
    if (!/^\/?\S+$/.test(args.path)) throw usage('the path must not contain spaces', '路径不能包含空格');
    const { cluster } = await findCluster(context, args.cluster);
    const { dashboardPath } = await import('../cli/online.ts');
    const path = dashboardPath(cluster.id, `/${args.path.replace(/^\/+/, '')}`);
    const name = cluster.deployName;
    const action = { en: `change inside EMQX of ${name}`, zh: `变更 ${name} 的 EMQX` };
    await rawCall(context, { ...options, path, failure: failureOfChannel }, async () => ({ action, name }));
  },
});
