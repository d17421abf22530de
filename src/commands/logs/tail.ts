import { chooseCluster, findCluster } from '../../cli/clusters.ts';
import type { EcpContext } from '../../cli/session.ts';
import type { Failure } from '../../core/errors.ts';
import { isFailure, usage } from '../../core/errors.ts';
import { backoffDelay } from '../../core/retry.ts';
import { clusterArg, command } from '../define.ts';
import type { Batch, Follower } from './follow.ts';
import { createFollower } from './follow.ts';
import { printHistory, startOf } from './history.ts';
import { logOptions, readLogOptions } from './options.ts';
import type { LogPrinter, Tagged } from './print.ts';
import { logFormats, logPrinter } from './print.ts';
import type { LogFilter, LogSource } from './source.ts';
import { byTime, logSource } from './source.ts';

const usualLines = 10;
const pollMs = 500;

export const logsTail = command({
  path: ['logs', 'tail'],
  summary: { en: 'Show the newest log records and follow what comes', zh: '显示最新日志并持续跟踪' },
  description: {
    en: 'Goes on until Ctrl-C, over broken connections too, and repeats and leaves out nothing; where the server cannot give records out, a line says so.',
    zh: '持续运行直到按 Ctrl-C，连接中断后自动恢复，不重复、不遗漏；服务器无法提供的记录会以一行提示标出。',
  },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true, many: true }],
  options: {
    follow: {
      kind: 'flag',
      short: 'f',
      negatable: true,
      help: { en: 'Go on with what comes (the default)', zh: '持续跟踪（默认）' },
    },
    lines: {
      kind: 'integer',
      short: 'n',
      min: 0,
      max: 100_000,
      value: 'N',
      fallback: String(usualLines),
      help: { en: 'Show the last N records first; all with --since', zh: '先显示最近 N 条；指定 --since 时为全部' },
    },
    ...logOptions,
    output: {
      kind: 'choice',
      short: 'o',
      choices: logFormats,
      value: 'FORMAT',
      fallback: 'text',
      help: { en: 'Format of each record', zh: '每条记录的格式' },
    },
  },
  examples: [
    { run: 'ecpctl logs tail plant-1', help: { en: 'Follow one cluster', zh: '跟踪一个集群' } },
    {
      run: 'ecpctl logs tail plant-1 plant-2 --level error',
      help: { en: 'Two, and only what is wrong', zh: '跟踪两个集群，仅看错误' },
    },
    {
      run: 'ecpctl logs tail plant-1 --no-follow --since 1h -o ndjson',
      help: { en: 'The last hour, for a script', zh: '最近一小时，用于脚本' },
    },
  ],
  async run(context, { args, options }) {
    const wanted = readLogOptions(context, options);
    const follow = options.follow ?? wanted.untilMs === undefined;
    if (follow && wanted.untilMs !== undefined)
      throw usage('--follow and --until exclude each other', '--follow 与 --until 不能同时使用');
    const sources = await sourcesOf(context, args.cluster, wanted.filter);
    const printer = logPrinter(
      context,
      options.output ?? 'text',
      sources.map((source) => source.name),
    );
    const lines = options.lines ?? (wanted.sinceMs === undefined ? usualLines : undefined);
    const starts = await Promise.all(sources.map((source) => startOf(source, context.signal)));
    const shown = await printHistory(context, starts, wanted, lines, follow, printer);
    if (lines !== 0 && printer.printed() === 0) context.out.note(follow ? nothingYet : nothing);
    if (!follow) return;
    const followed = starts.map(({ source, mark }, at) => {
      const { records, mark: from } = shown[at] ?? { records: [], mark };
      return { source, follower: createFollower(source, from, records, context.clock.now) };
    });
    await followAll(context, followed, printer);
  },
});

const nothing = { en: 'Nothing found.', zh: '没有找到任何内容。' };
const nothingYet = {
  en: 'Nothing found so far; waiting for what comes, until Ctrl-C.',
  zh: '目前没有匹配的记录；等待新记录，按 Ctrl-C 结束。',
};

async function sourcesOf(
  context: EcpContext,
  words: readonly string[] | undefined,
  filter: LogFilter,
): Promise<LogSource[]> {
  const client = await context.client();
  const found = words?.length
    ? await Promise.all([...new Set(words)].map((word) => findCluster(context, word)))
    : [await chooseCluster(context, undefined)];
  return found.map(({ at, cluster }) => logSource(client, cluster.deployName, at, filter));
}

interface Followed {
  readonly source: LogSource;
  readonly follower: Follower;
}

/** Asks all of them again and again; what one cannot say for a while does not stop the others. */
async function followAll(context: EcpContext, followed: readonly Followed[], printer: LogPrinter): Promise<void> {
  const { signal, clock, random } = context;
  for (let failures = 0; ; ) {
    const looks = await Promise.allSettled(followed.map(({ follower }) => follower.next(signal)));
    signal.throwIfAborted();
    // First what arrived, also beside a failure: a follower answers each record once.
    await printBatches(printer, followed, looks);
    const failed = looks.find((look) => look.status === 'rejected');
    if (failed) {
      if (!isPassing(failed.reason)) throw failed.reason;
      if (failures === 0) {
        const reason = failed.reason.sentence(context.lang);
        context.out.note({ en: '{reason}; trying again', zh: '{reason}；正在重试' }, { reason });
      }
      await clock.sleep(backoffDelay(failures++, { base: 500, cap: 10_000 }, random), signal);
      continue;
    }
    if (failures > 0) context.out.note({ en: 'connected again', zh: '已恢复连接' });
    failures = 0;
    if (!looks.some((look) => look.status === 'fulfilled' && look.value.more)) await clock.sleep(pollMs, signal);
  }
}

async function printBatches(
  printer: LogPrinter,
  followed: readonly Followed[],
  looks: readonly PromiseSettledResult<Batch>[],
): Promise<void> {
  const tagged: Tagged[] = [];
  for (const [at, look] of looks.entries()) {
    const cluster = followed[at]?.source.name ?? '';
    if (look.status === 'rejected') continue;
    if (look.value.gap) await printer.gap(cluster, look.value.gap.count);
    tagged.push(...look.value.records.map((record) => ({ cluster, record })));
  }
  if (followed.length > 1) tagged.sort((a, b) => byTime(a.record, b.record));
  await printer.records(tagged);
}

function isPassing(error: unknown): error is Failure {
  return isFailure(error, 'unreachable', 'unavailable', 'request_timeout', 'throttled', 'server_failed');
}
