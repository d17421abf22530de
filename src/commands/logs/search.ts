import { chooseCluster } from '../../cli/clusters.ts';
import type { View } from '../../cli/output.ts';
import type { LogRecord } from '../../contract/logs.ts';
import { epochToMs } from '../../core/time.ts';
import { clusterArg, command } from '../define.ts';
import { hasCursors } from './follow.ts';
import { lastRecords } from './history.ts';
import { logOptions, readLogOptions } from './options.ts';
import { localStamp } from './print.ts';
import { logSource } from './source.ts';

const usualLimit = 100;

const view: View<LogRecord> = {
  name: (row) => row.msg,
  columns: [
    { key: 'time', header: { en: 'TIME', zh: '时间' }, get: (row) => localStamp(epochToMs(row.time)) },
    { key: 'level', header: { en: 'LEVEL', zh: '级别' }, get: (row) => row.level },
    { key: 'node', header: { en: 'NODE', zh: '节点' }, get: (row) => row.node },
    { key: 'category', header: { en: 'CATEGORY', zh: '类别' }, wide: true, get: (row) => row.category },
    { key: 'message', header: { en: 'MESSAGE', zh: '内容' }, get: (row) => row.msg },
  ],
};

export const logsSearch = command({
  path: ['logs', 'search'],
  summary: { en: 'Find log records', zh: '搜索日志' },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true }],
  options: {
    ...logOptions,
    limit: {
      kind: 'integer',
      min: 1,
      max: 10_000,
      value: 'N',
      fallback: String(usualLimit),
      help: { en: 'The newest N that match', zh: '最新的 N 条匹配记录' },
    },
  },
  examples: [
    {
      run: 'ecpctl logs search plant-1 --grep "connection refused" --since 1d',
      help: { en: 'Of the last day', zh: '最近一天' },
    },
    { run: 'ecpctl logs search plant-1 --level error -o json', help: { en: 'For a script', zh: '用于脚本' } },
  ],
  async run(context, { args, options }) {
    const wanted = readLogOptions(context, options);
    const { at, cluster } = await chooseCluster(context, args.cluster);
    const source = logSource(await context.client(), cluster.deployName, at, wanted.filter);
    const narrow = await hasCursors(source, context.signal);
    const limit = options.limit ?? usualLimit;
    const { records, cut } = await lastRecords(source, wanted, limit, narrow, context.signal);
    await context.out.list(records, view);
    if (cut) {
      context.out.note({
        en: 'Only the newest records were searched; narrow it with --since and --until',
        zh: '只搜索了最新的记录；请用 --since 和 --until 缩小范围',
      });
    }
  },
});
