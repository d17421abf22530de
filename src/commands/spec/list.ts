import type { View } from '../../cli/output.ts';
import type { Quota } from '../../contract/configuration.ts';
import { command } from '../define.ts';

const view: View<Quota> = {
  name: (row) => row.name,
  columns: [
    { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.name },
    { key: 'cpu', header: { en: 'CPU', zh: 'CPU' }, get: (row) => range(row.quota.emqx.cpu) },
    { key: 'memory', header: { en: 'MEMORY', zh: '内存' }, get: (row) => range(row.quota.emqx.memory) },
    {
      key: 'default',
      header: { en: 'DEFAULT', zh: '默认' },
      get: (row, lang) => (row.default ? { en: 'yes', zh: '是' }[lang] : undefined),
    },
    { key: 'description', header: { en: 'DESCRIPTION', zh: '描述' }, get: (row) => row.description },
  ],
};

/** `1`, or `0.5-1` where less is reserved than may be used. */
function range({ request, limit }: { request: string; limit: string }): string {
  return request === limit ? limit : `${request}-${limit}`;
}

export const specList = command({
  path: ['spec', 'list'],
  summary: { en: 'List the specifications of nodes of hosted clusters', zh: '列出托管集群的节点规格' },
  intent: 'reads',
  examples: [{ run: 'ecpctl spec list', help: { en: 'For create and scale', zh: '用于创建和垂直扩展' } }],
  async run(context) {
    await context.out.list(await (await context.client()).platform.quotas(context.signal), view);
  },
});
