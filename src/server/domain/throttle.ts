import { Failure } from '../../core/errors.ts';

export class Throttled extends Failure {
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('throttled');
    this.retryAfterS = retryAfterS;
  }
}

interface Count {
  failures: number;
  /** No attempt is looked at before this moment. */
  closedUntil: number;
}

const longestMs = 5 * 60_000;
const forgetMs = 15 * 60_000;
const mostKeys = 10_000;

/**
 * Slows down guessing: after some failures under one key each further one doubles the time in which no attempt is
 * looked at, from a second to five minutes. Kept in memory and bounded: a flood of names pushes out the oldest.
 */
export class Throttle {
  readonly #counts = new Map<string, Count>();
  readonly #free: number;

  /** `free`: failures that cost nothing. */
  constructor(free = 5) {
    this.#free = free;
  }

  /** Throws `throttled` while the key is closed. */
  check(key: string, now: number): void {
    const count = this.#counts.get(key);
    if (count && count.closedUntil > now) throw new Throttled(Math.ceil((count.closedUntil - now) / 1000));
  }

  failed(key: string, now: number): void {
    const before = this.#counts.get(key);
    const failures = (before && now - before.closedUntil < forgetMs ? before.failures : 0) + 1;
    const wait = failures < this.#free ? 0 : Math.min(longestMs, 1000 * 2 ** Math.min(failures - this.#free, 20));
    // Deleted first, so that the order of the map is the order of the last failure.
    this.#counts.delete(key);
    this.#counts.set(key, { failures, closedUntil: now + wait });
    if (this.#counts.size > mostKeys) this.#counts.delete(this.#counts.keys().next().value ?? '');
  }

  succeeded(key: string): void {
    this.#counts.delete(key);
  }
}
