import { chooseCluster } from '../../cli/clusters.ts';
import type { View } from '../../cli/output.ts';
import type { EcpContext } from '../../cli/session.ts';
import { formatDuration } from '../../core/duration.ts';
import { Failure } from '../../core/errors.ts';
import { callEmqx } from '../channel.ts';
import { clusterArg, command } from '../define.ts';

interface Node {
  readonly node: string;
  readonly status: string;
  readonly version: string;
  /** Milliseconds; v4 sends a text. */
  readonly uptime: number | string | undefined;
  readonly connections: number | undefined;
}

const view: View<Node> = {
  name: (row) => row.node,
  columns: [
    { key: 'node', header: { en: 'NODE', zh: '节点' }, get: (row) => row.node },
    {
      key: 'status',
      header: { en: 'STATUS', zh: '状态' },
      get: (row) => row.status,
      style: (row) => (row.status.toLowerCase() === 'running' ? 'green' : 'red'),
    },
    { key: 'version', header: { en: 'VERSION', zh: '版本' }, get: (row) => row.version },
    {
      key: 'uptime',
      header: { en: 'UPTIME', zh: '运行时间' },
      get: ({ uptime }) => (typeof uptime === 'number' ? formatDuration(uptime) : uptime),
    },
    { key: 'connections', header: { en: 'CONNECTIONS', zh: '连接数' }, align: 'right', get: (row) => row.connections },
  ],
};

export const nodeList = command({
  path: ['node', 'list'],
  summary: { en: 'List the EMQX nodes of a cluster', zh: '列出集群的 EMQX 节点' },
  description: { en: "Asks EMQX itself, through ECP's channel.", zh: '通过 ECP 通道直接向 EMQX 查询。' },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true }],
  examples: [{ run: 'ecpctl node list line-7', help: { en: 'Which of them run', zh: '查看各节点的运行状态' } }],
  async run(context, { args }) {
    const { cluster } = await chooseCluster(context, args.cluster);
    const { clusterType } = await context.tables();
    const generation = clusterType.byNumber.get(cluster.type)?.generation;
    await context.out.list(await nodesOf(context, cluster.id, generation === 4 ? 4 : 5), view);
  },
});

/** v5 answers a list, v4 one inside `data` (emqx.md A5). */
async function nodesOf(context: EcpContext, clusterId: string, generation: 4 | 5): Promise<Node[]> {
  const answer = await callEmqx(context, clusterId, `/api/v${generation}/nodes`);
  const list = Array.isArray(answer) ? answer : (answer as { data?: unknown } | null)?.data;
  if (!Array.isArray(list)) {
    throw new Failure('invalid_answer', { url: 'EMQX', reason: { en: 'no list of nodes', zh: '没有节点列表' } });
  }
  return list.map(toNode);
}

function toNode(value: unknown): Node {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  const number = (name: string) => (typeof fields[name] === 'number' ? fields[name] : undefined);
  return {
    node: text('node') || text('name'),
    status: text('node_status'),
    version: text('version'),
    uptime: number('uptime') ?? (text('uptime') || undefined),
    connections: number('connections'),
  };
}
