import type { LogRecord } from '../../contract/logs.ts';
import { epochToMs } from '../../core/time.ts';

/** How late a record may arrive and still be shown, where the server has no cursor. */
export const windowMs = 120_000;

interface Shown {
  readonly time: number;
  count: number;
}

/**
 * What was shown of the last two minutes. A record has no identity of its own (`id` is the service's), so equal ones
 * are counted: of a record that the server has five times and that was shown three times, two are new. Right also
 * where one second holds thousands.
 */
export class ShownWindow {
  readonly #shown = new Map<string, Shown>();

  /** Those of `found` that were not shown yet, and counts them as shown. `found` holds all there is of its range. */
  take(found: readonly LogRecord[]): LogRecord[] {
    const seen = new Map<string, number>();
    const fresh: LogRecord[] = [];
    for (const record of found) {
      const key = keyOf(record);
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      const shown = this.#shown.get(key);
      if (shown && count <= shown.count) continue;
      if (shown) shown.count = count;
      else this.#shown.set(key, { time: epochToMs(record.time), count });
      fresh.push(record);
    }
    return fresh;
  }

  /** Number of records shown at or after `fromMs`. */
  countSince(fromMs: number): number {
    let sum = 0;
    for (const { time, count } of this.#shown.values()) if (time >= fromMs) sum += count;
    return sum;
  }

  /** Forgets what is older; answers how many records that were. */
  forgetBefore(ms: number): number {
    let forgotten = 0;
    for (const [key, { time, count }] of this.#shown) {
      if (time >= ms) continue;
      this.#shown.delete(key);
      forgotten += count;
    }
    return forgotten;
  }
}

function keyOf({ time, level, msg, node = '', category }: LogRecord): string {
  return `${time}\0${level}\0${node}\0${category}\0${msg}`;
}
