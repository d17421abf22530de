import type { LogRecord } from '../../contract/logs.ts';
import { isFailure } from '../../core/errors.ts';
import { epochToMs } from '../../core/time.ts';
import { sweep } from './forward.ts';
import type { LogSource, Range } from './source.ts';
import { byTime, matches, pageSize } from './source.ts';
import { ShownWindow, windowMs } from './window.ts';

/** What a look at the log brought: records in the order they are shown, and what could not be shown. */
export interface Batch {
  readonly records: readonly LogRecord[];
  /** Records that are known to be missing before these; their number where it is known. */
  readonly gap?: { readonly count: number | undefined };
  /** There is more to be had at once. */
  readonly more?: boolean;
}

/** Follows the log of one cluster; each `next` answers what is new. */
export interface Follower {
  next(signal: AbortSignal): Promise<Batch>;
}

/** Where following begins: a place in the order of arrival, or a time where the server has no such place. */
export interface Mark {
  readonly cursor: string | undefined;
  /** Time of the newest record, milliseconds; undefined while the log is empty. */
  readonly newestMs: number | undefined;
}

/** Marks the end of the log. To be taken before the history is read, so that nothing falls between the two. */
export async function markEnd(source: LogSource, signal: AbortSignal): Promise<Mark> {
  const newest = (await source.query({ order: 'desc', size: 1, offset: 0 }, false, signal)).data[0];
  // An empty log does not tell what its server can do: all that will come is new, and the first of it will tell.
  if (!newest) return { cursor: '', newestMs: undefined };
  const newestMs = epochToMs(newest.time);
  if (newest.cursor === undefined) return { cursor: undefined, newestMs };
  return { cursor: await lastArrival(source, newest.cursor, signal), newestMs };
}

/** True where the server gives each record a place of its own, as ours does; false also while the log is empty. */
export async function hasCursors(source: LogSource, signal: AbortSignal): Promise<boolean> {
  return (await source.query({ order: 'desc', size: 1, offset: 0 }, false, signal)).data[0]?.cursor !== undefined;
}

/**
 * The place of the record that arrived last, reached from any `cursor`. The newest by time is not the last to arrive:
 * from its place on, older ones that came late would be repeated.
 */
async function lastArrival(source: LogSource, cursor: string, signal: AbortSignal): Promise<string> {
  const { total } = await source.query({ cursor, order: 'asc', size: 1, offset: 0 }, false, signal);
  if (total === 0) return cursor;
  const last = await source.query({ cursor, order: 'asc', size: 1, offset: total - 1 }, false, signal);
  return last.data[0]?.cursor ?? cursor;
}

/** Follows from the mark on. `shown` is the history that was read after the mark was taken. */
export function createFollower(
  source: LogSource,
  mark: Mark,
  shown: readonly LogRecord[],
  now: () => number,
): Follower {
  let follower = mark.cursor === undefined ? byWindow(source, mark, shown, now) : byCursor(source, mark.cursor, shown);
  return {
    async next(signal) {
      try {
        return await follower.next(signal);
      } catch (error) {
        if (error === noCursor) {
          follower = byWindow(source, mark, shown, now);
          return follower.next(signal);
        }
        if (mark.cursor === undefined || !isFailure(error, 'refused')) throw error;
        // The server no longer knows the place, as after its log was begun anew: what lies between is unknown.
        const anew = await markEnd(source, signal);
        follower = createFollower(source, anew, [], now);
        return { records: [], gap: { count: undefined } };
      }
    },
  };
}

const noCursor = new Error('the server has no cursor');

function byCursor(source: LogSource, from: string, shown: readonly LogRecord[]): Follower {
  let cursor = from;
  // The history may hold what arrived between the mark and its reading.
  const before = new Set(shown.map((record) => record.cursor));
  return {
    async next(signal) {
      // A server without cursors takes no notice of this one: it must not filter before it is known.
      const narrow = cursor !== '';
      const page = await source.query({ cursor, order: 'asc', size: pageSize, offset: 0 }, narrow, signal);
      const end = page.data.at(-1);
      if (end && end.cursor === undefined) throw noCursor;
      const records = page.data.filter((record) => !before.has(record.cursor) && matches(record, source.filter));
      cursor = end?.cursor ?? cursor;
      const more = page.data.length === pageSize;
      // At the end of the log all of the history has been passed.
      if (!more) before.clear();
      return { records, more };
    },
  };
}

/** Looks at the whole window are this far apart; in between the last seconds are looked at. */
const fullEveryMs = 10_000;
const quickMs = 5000;

function byWindow(source: LogSource, mark: Mark, shown: readonly LogRecord[], now: () => number): Follower {
  const window = new ShownWindow();
  window.take(shown);
  const times = shown.map((record) => epochToMs(record.time));
  // What is older than the oldest that was shown was not asked for.
  const cutMs = times.length > 0 ? Math.min(...times) : mark.newestMs;
  const floor = cutMs === undefined ? undefined : Math.floor(cutMs / 1000);
  let newest = times.length > 0 ? Math.max(...times) : mark.newestMs;
  let fullAt = Number.NEGATIVE_INFINITY;
  let first = true;
  let forgotten = 0;

  const startOf = (backMs: number): number | undefined =>
    newest === undefined ? floor : Math.max(floor ?? 0, Math.floor((newest - backMs) / 1000));

  /** Records that came too late for the window show in the server's count of what lies before it. */
  const tooLate = async (start: number | undefined, signal: AbortSignal): Promise<number> => {
    if (start === undefined || floor === undefined || start <= floor) return 0;
    const known = forgotten + window.countSince(floor * 1000) - window.countSince(start * 1000);
    const { total } = await source.query(
      { start: floor, end: start - 1, order: 'asc', size: 1, offset: 0 },
      false,
      signal,
    );
    const late = total - known;
    if (late <= 0) return 0;
    forgotten += late;
    return late;
  };

  return {
    async next(signal) {
      const full = now() - fullAt >= fullEveryMs;
      const start = startOf(full ? windowMs : quickMs);
      const range: Range = { start };
      const { total } = await source.query({ ...range, order: 'asc', size: 1, offset: 0 }, false, signal);
      const known = window.countSince(start === undefined ? Number.NEGATIVE_INFINITY : start * 1000);
      const swept = total === known ? { records: [], missing: 0 } : await sweep(source, range, signal);
      // It changed under every attempt: nothing was shown of it, so the next look finds it all.
      if (!swept) return { records: [], more: true };
      const fresh = window.take(swept.records);
      const wanted = first ? fresh.filter((record) => cutMs === undefined || epochToMs(record.time) > cutMs) : fresh;
      const late = full && !first ? await tooLate(start, signal) : 0;
      first = false;
      if (full) fullAt = now();
      for (const record of fresh) newest = Math.max(newest ?? 0, epochToMs(record.time));
      if (newest !== undefined) forgotten += window.forgetBefore(newest - windowMs - 1000);
      const records = wanted.filter((record) => matches(record, source.filter)).sort(byTime);
      const missing = swept.missing + late;
      return missing === 0 ? { records } : { records, gap: { count: missing } };
    },
  };
}
