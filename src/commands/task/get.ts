import type { View } from '../../cli/output.ts';
import type { Tables } from '../../contract/states.ts';
import { isFailed, stateKey, stateName } from '../../contract/states.ts';
import type { Task } from '../../contract/tasks.ts';
import { command } from '../define.ts';
import { localTime } from '../views.ts';

type Shown = Task & { readonly xStatus: string; readonly xType: string };

export const taskGet = command({
  path: ['task', 'get'],
  summary: { en: 'Show the task that a change runs as', zh: '查看变更任务' },
  intent: 'reads',
  args: [{ name: 'task', help: { en: 'Id of the task', zh: '任务 ID' } }],
  examples: [{ run: 'ecpctl task get k3v9s0x1m2ab', help: { en: 'How far it is', zh: '查看进度' } }],
  async run(context, { args }) {
    const [task, tables] = await Promise.all([
      (await context.client()).platform.task(args.task, context.signal),
      context.tables(),
    ]);
    const shown = {
      ...task,
      xStatus: stateKey(tables.taskStatus, task.status),
      xType: stateKey(tables.taskType, task.type),
    };
    await context.out.item(shown, view(tables));
  },
});

function view(tables: Tables): View<Shown> {
  return {
    name: (row) => row.id,
    columns: [
      { key: 'id', header: { en: 'ID', zh: 'ID' }, whole: true, get: (row) => row.id },
      {
        key: 'type',
        header: { en: 'TYPE', zh: '类型' },
        get: (row, lang) => stateName(tables.taskType, row.type, lang),
      },
      {
        key: 'status',
        header: { en: 'STATUS', zh: '状态' },
        get: (row, lang) => stateName(tables.taskStatus, row.status, lang),
        style: (row) => (isFailed(tables.taskStatus, row.status) ? 'red' : undefined),
      },
      { key: 'progress', header: { en: 'PROGRESS', zh: '进度' }, get: (row) => row.progress },
      { key: 'reason', header: { en: 'REASON', zh: '原因' }, get: (row) => row.xReason },
      { key: 'cluster', header: { en: 'CLUSTER', zh: '集群' }, get: (row) => row.deploy_id },
      { key: 'updated', header: { en: 'UPDATED', zh: '更新时间' }, get: (row) => localTime(row.updatedAt) },
    ],
  };
}
