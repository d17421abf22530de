import type { Clock } from '../../core/clock.ts';
import { Throttled } from '../domain/throttle.ts';

/**
 * How much log one cluster may send: a bucket of bytes for each, full after a minute of silence. What is taken is known
 * only when a body has been opened, so a bucket may be overdrawn once, and the next call waits for it.
 */
export class Quota {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** Bytes a minute; infinite for no quota. */
  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Throws `Throttled` with the seconds after which there is room again. */
  check(clusterId: string): void {
    const left = this.#left(clusterId);
    if (left < 0) throw new Throttled(Math.ceil((-left / this.#perMinute) * 60));
  }

  take(clusterId: string, bytes: number): void {
    if (this.#perMinute === Number.POSITIVE_INFINITY) return;
    const left = this.#left(clusterId);
    this.#buckets.delete(clusterId);
    this.#buckets.set(clusterId, { left: left - bytes, at: this.#clock.monotonic() });
    for (const [id, { at }] of this.#buckets) {
      // In the order of use: whoever was silent for a minute has a full bucket again.
      if (this.#clock.monotonic() - at < 60_000 || this.#left(id) < this.#perMinute) break;
      this.#buckets.delete(id);
    }
  }

  #left(clusterId: string): number {
    const bucket = this.#buckets.get(clusterId);
    if (!bucket) return this.#perMinute;
    const gained = ((this.#clock.monotonic() - bucket.at) / 60_000) * this.#perMinute;
    return Math.min(this.#perMinute, bucket.left + gained);
  }
}
