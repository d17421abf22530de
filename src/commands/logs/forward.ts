import type { LogRecord } from '../../contract/logs.ts';
import { epochToMs } from '../../core/time.ts';
import type { LogSource, Range } from './source.ts';
import { byTime, pageSize } from './source.ts';

/** Elasticsearch answers no further than this into a result (index.max_result_window). */
const deepest = 10_000;

export interface Step {
  /** In order of time. */
  readonly records: readonly LogRecord[];
  /** Records that the server counts and does not give out. */
  readonly missing: number;
  /** A record came in between while it was read: what follows may repeat or leave out one. */
  readonly shifted: boolean;
}

/**
 * Reads a range in order of time, page by page. Goes on from the second it has come to instead of counting from the
 * beginning, so that neither the length of the log nor the depth a server allows ends it.
 */
export async function* forward(
  source: LogSource,
  range: Range,
  narrow: boolean,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  let start = range.start;
  let within = 0;
  let last: LogRecord | undefined;
  for (;;) {
    // Pages overlap by one record, which shows whether both look at the same list.
    const offset = last ? within - 1 : 0;
    const size = narrow ? pageSize : Math.min(pageSize, deepest - offset);
    if (size < 2) {
      if (start === undefined) return;
      const { total } = await source.query({ start, end: start, order: 'asc', size: 1, offset: 0 }, narrow, signal);
      yield { records: [], missing: Math.max(0, total - within), shifted: false };
      start += 1;
      within = 0;
      last = undefined;
      if (range.end !== undefined && start > range.end) return;
      continue;
    }
    const page = await source.query({ start, end: range.end, order: 'asc', size, offset }, narrow, signal);
    const shifted = last !== undefined && !same(page.data[0], last);
    const fresh = last ? page.data.slice(1) : page.data;
    if (fresh.length > 0 || shifted) yield { records: [...fresh].sort(byTime), missing: 0, shifted };
    if (page.data.length < size) return;
    last = page.data.at(-1);
    const second = Math.floor(epochToMs(last?.time ?? 0) / 1000);
    if (start === undefined || second > start) {
      start = second;
      within = page.data.filter((record) => epochToMs(record.time) >= second * 1000).length;
    } else within += fresh.length;
  }
}

function same(a: LogRecord | undefined, b: LogRecord): boolean {
  return a !== undefined && a.time === b.time && a.level === b.level && a.msg === b.msg && a.node === b.node;
}

export interface Swept {
  /** In order of time. */
  readonly records: readonly LogRecord[];
  readonly missing: number;
}

const attempts = 4;

/** A whole range as it was at one moment; undefined where it changed under every attempt. */
export async function sweep(source: LogSource, range: Range, signal: AbortSignal): Promise<Swept | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const records: LogRecord[] = [];
    let missing = 0;
    let shifted = false;
    for await (const step of forward(source, range, false, signal)) {
      shifted ||= step.shifted;
      if (shifted) break;
      records.push(...step.records);
      missing += step.missing;
    }
    if (!shifted) return { records, missing };
  }
  return undefined;
}
