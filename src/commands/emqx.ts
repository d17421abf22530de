import { findCluster } from '../cli/clusters.ts';
import { usage } from '../core/errors.ts';
import { pass, readBody, writeHead } from './api.ts';
import { clusterArg, command } from './define.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

export const emqx = command({
  path: ['emqx'],
  summary: { en: "Call EMQX's own API of a cluster, through ECP", zh: '通过 ECP 调用集群自身的 EMQX API' },
  description: {
    en: "Status and body are EMQX's own. Viewers may only read.",
    zh: '状态码和响应体均来自 EMQX。普通用户只能读取。',
  },
  intent: 'reads',
  args: [
    clusterArg,
    { name: 'path', help: { en: "Path of EMQX's API: /api/v5/nodes", zh: 'EMQX API 的路径：/api/v5/nodes' } },
  ],
  options: {
    method: {
      kind: 'choice',
      short: 'X',
      choices: methods,
      value: 'METHOD',
      help: { en: 'GET, or POST where there is data', zh: '默认 GET，有数据时为 POST' },
    },
    data: {
      kind: 'text',
      short: 'd',
      value: 'JSON',
      help: {
        en: 'Body; @FILE reads it from a file, @- from stdin',
        zh: '请求体；@FILE 从文件读取，@- 从标准输入读取',
      },
    },
    include: { kind: 'flag', short: 'i', help: { en: 'Show status and headers too', zh: '同时显示状态和响应头' } },
  },
  examples: [
    { run: 'ecpctl emqx line-7 /api/v5/nodes', help: { en: 'Read', zh: '读取' } },
    { run: `ecpctl emqx line-7 /api/v5/banned -d '{"as":"clientid","who":"x1"}'`, help: { en: 'Write', zh: '写入' } },
  ],
  async run(context, { args, options }) {
    if (!/^\/?\S+$/.test(args.path)) throw usage('the path must not contain spaces', '路径不能包含空格');
    const { cluster } = await findCluster(context, args.cluster);
    const [{ dashboardPath }, { transport }] = await Promise.all([import('../cli/online.ts'), context.client()]);
    const body = await readBody(context, options.data);
    const path = dashboardPath(cluster.id, `/${args.path.replace(/^\/+/, '')}`);
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const method = options.method ?? (body === undefined ? 'GET' : 'POST');
    const answer = await transport.raw({ method, path, headers, body }, context.signal);
    if (options.include) await writeHead(context, answer);
    await pass(context, answer, transport.baseUrl + path);
  },
});
