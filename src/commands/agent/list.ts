import { chooseCluster } from '../../cli/clusters.ts';
import { requireFeature } from '../../cli/features.ts';
import type { View } from '../../cli/output.ts';
import type { ClusterAgent } from '../../contract/clusters.ts';
import type { Tables } from '../../contract/states.ts';
import { isFailed, stateKey, stateName } from '../../contract/states.ts';
import { clusterArg, command } from '../define.ts';
import { localTime } from '../views.ts';

type Shown = ClusterAgent & { readonly xState: string };

export const agentList = command({
  path: ['agent', 'list'],
  summary: { en: 'List the agents of a managed cluster', zh: '列出纳管集群的代理' },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true }],
  examples: [
    { run: 'ecpctl agent list line-7', help: { en: 'With what each of them reports', zh: '包含各代理报告的错误' } },
  ],
  async run(context, { args }) {
    const { at, cluster } = await chooseCluster(context, args.cluster);
    await requireFeature(context, cluster, 'agents');
    const [agents, tables] = await Promise.all([
      (await context.client()).clusters.agents(at, context.signal),
      context.tables(),
    ]);
    const rows = agents.map((agent) => ({ ...agent, xState: stateKey(tables.agentState, agent.state) }));
    await context.out.list(rows, agentView(tables));
    if (rows.length === 0) {
      context.out.note(
        { en: 'Join a node with: ecpctl agent guide {id}', zh: '注册节点：ecpctl agent guide {id}' },
        { id: cluster.id },
      );
    }
  },
});

export function agentView(tables: Tables): View<Shown> {
  return {
    name: (row) => String(row.id),
    columns: [
      { key: 'id', header: { en: 'ID', zh: 'ID' }, align: 'right', get: (row) => row.id },
      {
        key: 'state',
        header: { en: 'STATE', zh: '状态' },
        get: (row, lang) => stateName(tables.agentState, row.state, lang),
        style: (row) => (isFailed(tables.agentState, row.state) ? 'red' : undefined),
      },
      { key: 'node', header: { en: 'NODE ID', zh: '节点 ID' }, get: (row) => row.nodeId },
      { key: 'version', header: { en: 'VERSION', zh: '版本' }, get: (row) => row.version },
      { key: 'seen', header: { en: 'LAST SEEN', zh: '最近上报' }, get: (row) => localTime(row.updatedAt) },
      { key: 'created', header: { en: 'CREATED', zh: '创建时间' }, wide: true, get: (row) => localTime(row.createdAt) },
      { key: 'error', header: { en: 'ERROR', zh: '错误' }, get: (row) => row.err },
    ],
  };
}
