import { findCluster } from '../cli/clusters.ts';
import type { View } from '../cli/output.ts';
import type { EcpContext } from '../cli/session.ts';
import type { Tables } from '../contract/states.ts';
import { isFinal, stateKey, stateName } from '../contract/states.ts';
import { isFailure } from '../core/errors.ts';
import { clusterArg, command } from './define.ts';
import { statusStyle } from './views.ts';

interface Status {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly xStatus: string;
  /** What the task in hand says; empty where there is none. */
  readonly progress: string;
  readonly reason: string;
}

export const status = command({
  path: ['status'],
  summary: { en: 'Show the state of clusters, and what is going on', zh: '查看集群状态和正在进行的任务' },
  intent: 'reads',
  args: [{ ...clusterArg, many: true }],
  examples: [{ run: 'ecpctl status plant-1 plant-2', help: { en: 'Two of them', zh: '同时查看两个集群' } }],
  async run(context, { args }) {
    const tables = await context.tables();
    const rows = await Promise.all(args.cluster.map((word) => statusOf(context, tables, word)));
    const [only, ...others] = rows;
    if (only && others.length === 0) await context.out.item(only, view(tables));
    else await context.out.list(rows, view(tables));
  },
});

async function statusOf(context: EcpContext, tables: Tables, word: string): Promise<Status> {
  const { cluster } = await findCluster(context, word);
  const { id, deployName: name, status, xReason: reason = '' } = cluster;
  const base = { id, name, status, xStatus: stateKey(tables.clusterStatus, status), reason };
  if (cluster.taskId === '' || isFinal(tables.clusterStatus, status)) return { ...base, progress: '' };
  try {
    const task = await (await context.client()).platform.task(cluster.taskId, context.signal);
    return { ...base, progress: task.progress };
  } catch (error) {
    if (isFailure(error, 'not_found')) return { ...base, progress: '' };
    throw error;
  }
}

function view(tables: Tables): View<Status> {
  return {
    name: (row) => row.id,
    columns: [
      { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.name },
      {
        key: 'status',
        header: { en: 'STATUS', zh: '状态' },
        get: (row, lang) => stateName(tables.clusterStatus, row.status, lang),
        style: (row) => statusStyle(tables, row.status),
      },
      { key: 'progress', header: { en: 'PROGRESS', zh: '进度' }, get: (row) => row.progress },
      { key: 'reason', header: { en: 'REASON', zh: '原因' }, get: (row) => row.reason },
    ],
  };
}
