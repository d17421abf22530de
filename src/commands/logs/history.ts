import type { EcpContext } from '../../cli/session.ts';
import type { LogRecord } from '../../contract/logs.ts';
import { epochToMs } from '../../core/time.ts';
import type { Mark } from './follow.ts';
import { markEnd } from './follow.ts';
import { forward } from './forward.ts';
import { mergeByTime } from './merge.ts';
import type { Wanted } from './options.ts';
import type { LogPrinter, Tagged } from './print.ts';
import type { LogSource } from './source.ts';
import { byTime, matches, pageSize } from './source.ts';
import { windowMs } from './window.ts';

/** The log of a cluster with the place where following will begin. */
export interface Start {
  readonly source: LogSource;
  readonly mark: Mark;
}

export async function startOf(source: LogSource, signal: AbortSignal): Promise<Start> {
  return { source, mark: await markEnd(source, signal) };
}

/** What a follower has to know of the history. */
export interface Shown {
  readonly mark: Mark;
  readonly records: readonly LogRecord[];
}

/** Up to here every record that was shown is remembered, so that following does not repeat it. */
const remembered = 100_000;

/**
 * Prints what was wanted of the past, several clusters merged in order of time. `lines` undefined stands for all of
 * the range.
 */
export async function printHistory(
  context: EcpContext,
  starts: readonly Start[],
  wanted: Wanted,
  lines: number | undefined,
  follow: boolean,
  printer: LogPrinter,
): Promise<Shown[]> {
  const { signal } = context;
  const shown = starts.map(({ mark }): { mark: Mark; records: LogRecord[] } => ({ mark, records: [] }));
  const streams = await Promise.all(
    starts.map(async ({ source, mark }, at) => {
      const narrow = Boolean(mark.cursor);
      const keep = (records: readonly LogRecord[]) => {
        shown[at]?.records.push(...records);
      };
      if (lines !== undefined) return lastStream(context, source, wanted, lines, narrow, keep);
      if (follow && narrow && (await isLong(source, wanted, signal))) {
        // Too long to be remembered whole: following from the very beginning repeats nothing and needs no memory.
        shown[at] = { mark: { ...mark, cursor: '' }, records: [] };
        return nothing();
      }
      return allStream(source, wanted, narrow, keepEnd(keep, shown[at]?.records ?? [], narrow), printer, signal);
    }),
  );
  for await (const batch of mergeByTime(streams)) await printer.records(batch);
  return shown;
}

/** How far back a server without our filter is searched for the last lines that match. */
const deepest = 10_000;

export interface History {
  readonly records: readonly LogRecord[];
  /** The search ended before it had found enough, though there is more to look at. */
  readonly cut: boolean;
}

/** The last `lines` records that match, in order of time. */
export async function lastRecords(
  source: LogSource,
  wanted: Wanted,
  lines: number,
  narrow: boolean,
  signal: AbortSignal,
): Promise<History> {
  const found: LogRecord[] = [];
  const limit = narrow ? Number.POSITIVE_INFINITY : deepest;
  for (let offset = 0; lines > 0; ) {
    const size = narrow ? Math.min(pageSize, lines - found.length) : pageSize;
    const page = await source.query({ ...wanted.range, order: 'desc', size, offset }, narrow, signal);
    found.push(...page.data.filter((record) => isWanted(record, source, wanted)));
    offset += page.data.length;
    if (page.data.length < size || found.length >= lines) break;
    if (offset + pageSize > limit) return { records: found.sort(byTime), cut: true };
  }
  return { records: found.slice(0, lines).sort(byTime), cut: false };
}

type Keep = (records: readonly LogRecord[]) => void;

/** Without cursors the follower needs no more than its window of the past. */
function keepEnd(keep: Keep, kept: LogRecord[], narrow: boolean): Keep {
  if (narrow) return keep;
  return (records) => {
    keep(records);
    const last = kept.at(-1);
    if (kept.length < 20_000 || !last) return;
    const from = epochToMs(last.time) - 2 * windowMs;
    kept.splice(
      0,
      kept.findIndex((record) => epochToMs(record.time) >= from),
    );
  };
}

async function* lastStream(
  context: EcpContext,
  source: LogSource,
  wanted: Wanted,
  lines: number,
  narrow: boolean,
  keep: Keep,
): AsyncGenerator<Tagged[]> {
  const { records, cut } = await lastRecords(source, wanted, lines, narrow, context.signal);
  if (cut) {
    context.out.note(
      { en: '{name}: only the last {count} records were searched', zh: '{name}：只搜索了最近 {count} 条记录' },
      { name: source.name, count: deepest },
    );
  }
  keep(records);
  yield records.map((record) => ({ cluster: source.name, record }));
}

/** Everything in the range that matches, page by page. */
async function* allStream(
  source: LogSource,
  wanted: Wanted,
  narrow: boolean,
  keep: Keep,
  printer: LogPrinter,
  signal: AbortSignal,
): AsyncGenerator<Tagged[]> {
  for await (const { records, missing } of forward(source, wanted.range, narrow, signal)) {
    if (missing > 0) await printer.gap(source.name, missing);
    // All of them, not only those that match: what the follower looks at is not filtered either.
    keep(records);
    yield records
      .filter((record) => isWanted(record, source, wanted))
      .map((record) => ({ cluster: source.name, record }));
  }
}

async function* nothing(): AsyncGenerator<Tagged[]> {}

async function isLong(source: LogSource, wanted: Wanted, signal: AbortSignal): Promise<boolean> {
  const { total } = await source.query({ ...wanted.range, order: 'asc', size: 1, offset: 0 }, true, signal);
  return total > remembered;
}

/** The server's times are whole seconds; what lies outside is cut off here. */
function isWanted(record: LogRecord, source: LogSource, { sinceMs, untilMs }: Wanted): boolean {
  const ms = epochToMs(record.time);
  return (
    (sinceMs === undefined || ms >= sinceMs) &&
    (untilMs === undefined || ms <= untilMs) &&
    matches(record, source.filter)
  );
}
