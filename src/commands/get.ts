import { chooseCluster } from '../cli/clusters.ts';
import { nextCommand } from '../cli/next.ts';
import type { View } from '../cli/output.ts';
import type { ClusterAgent } from '../contract/clusters.ts';
import type { Tables } from '../contract/states.ts';
import { isFailed, networkTypeNames, stateName } from '../contract/states.ts';
import type { Lang, Text } from '../core/text.ts';
import { clusterArg, command } from './define.ts';
import type { ShownCluster } from './views.ts';
import { clusterView, localTime, nodesOf, shownCluster } from './views.ts';

type Detailed = ShownCluster & { readonly agents: readonly ClusterAgent[] };

export const get = command({
  path: ['get'],
  summary: {
    en: 'Show a cluster: state, addresses, agents, and why it is in error',
    zh: '查看集群：状态、地址、代理及异常原因',
  },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true }],
  examples: [
    { run: 'ecpctl get plant-1', help: { en: 'By name or id', zh: '按名称或 ID' } },
    { run: 'ecpctl get plant-1 -o yaml', help: { en: 'Every field', zh: '所有字段' } },
  ],
  async run(context, { args }) {
    const tables = await context.tables();
    const { at, cluster } = await chooseCluster(context, args.cluster);
    const hosted = tables.clusterType.byNumber.get(cluster.type)?.hosted;
    const agents = hosted ? [] : await (await context.client()).clusters.agents(at, context.signal);
    await context.out.item({ ...shownCluster(cluster, tables), agents }, view(tables));
    if (context.out.machine || !isFailed(tables.clusterStatus, cluster.status)) return;
    const steps = [['logs', 'tail'], hosted ? ['repair'] : ['agent', 'list']];
    const [first, second] = steps.map((words) => nextCommand(context, [...words, cluster.id]));
    context.out.note({ en: `Next: ${first}, ${second}`, zh: `下一步：${first}、${second}` });
  },
});

/** What is known of the cause: the server's own words, and what the agents report. */
function causes({ xReason, agents }: Detailed): string | undefined {
  const told = agents.filter((agent) => agent.err !== '').map((agent) => agent.err);
  return [...new Set([...(xReason ? [xReason] : []), ...told])].join('; ') || undefined;
}

function view(tables: Tables): View<Detailed> {
  return {
    ...clusterView(tables),
    details: (row, lang) => [
      [{ en: 'Name', zh: '名称' }, row.deployName],
      [{ en: 'Id', zh: 'ID' }, row.id],
      [{ en: 'Type', zh: '类型' }, stateName(tables.clusterType, row.type, lang)],
      [{ en: 'Status', zh: '状态' }, stateName(tables.clusterStatus, row.status, lang)],
      [{ en: 'Cause', zh: '原因' }, causes(row)],
      [{ en: 'Version', zh: '版本' }, row.version || undefined],
      [{ en: 'Image', zh: '镜像' }, row.image || undefined],
      [{ en: 'Nodes', zh: '节点' }, nodesOf(row)],
      [{ en: 'Specification', zh: '规格' }, row.resourceLimit || undefined],
      [{ en: 'Connections', zh: '连接数' }, row.connectLimit > 0 ? String(row.connectLimit) : undefined],
      [{ en: 'Network', zh: '网络类型' }, row.network ? network(row.network, lang) : undefined],
      ...(row.xAddresses ?? []).map(({ protocol, host, port }): [Text, string] => [
        { en: protocol, zh: protocol },
        `${host.includes(':') ? `[${host}]` : host}:${port}`,
      ]),
      [{ en: 'Service address', zh: '服务地址' }, row.xServiceAddress || undefined],
      ...row.agents.map((agent): [Text, string] => [{ en: 'Agent', zh: '代理' }, agentLine(agent, tables, lang)]),
      [{ en: 'Description', zh: '描述' }, row.desc || undefined],
      [{ en: 'Task', zh: '任务' }, row.taskId || undefined],
      [{ en: 'Creator', zh: '创建者' }, row.creator || undefined],
      [{ en: 'Created', zh: '创建时间' }, localTime(row.createdAt)],
      [{ en: 'Up since', zh: '运行开始' }, localTime(row.upTime)],
    ],
  };
}

function network(word: string, lang: Lang): string {
  const name = Object.entries(networkTypeNames).find(([key]) => key === word)?.[1];
  return name ? `${word} (${name[lang]})` : word;
}

function agentLine(agent: ClusterAgent, tables: Tables, lang: Lang): string {
  const state = stateName(tables.agentState, agent.state, lang);
  return [`${agent.id} ${state}`, agent.version, agent.err].filter(Boolean).join(', ');
}
