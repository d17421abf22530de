import type { Slab } from './slab.ts';
import { bodyLimit } from './slab.ts';

/** Records of one file that follow each other in a batch. `T` is whatever is told when they are settled. */
export interface Segment<T> {
  readonly owner: T;
  /** File offset behind the last record. */
  end: number;
  records: number;
}

/** A bulk body under construction or in flight, with the place of each record in it. */
export class Batch<T> {
  readonly slab: Slab;
  /** Bytes used of the body. */
  length = 0;
  count = 0;
  /** Monotonic milliseconds of the first record. */
  readonly since: number;
  readonly segments: Segment<T>[] = [];
  private ends = new Uint32Array(4096);

  constructor(slab: Slab, since: number) {
    this.slab = slab;
    this.since = since;
  }

  /**
   * True when a record of `size` raw bytes belongs into the next batch: `limit` is reached, or the record might not
   * fit (each byte can become six, and once more in a field; `overhead` bytes are the document's own).
   */
  isFullFor(size: number, overhead: number, limit: number): boolean {
    return this.count > 0 && (this.length >= limit || this.length + 12 * size + overhead > bodyLimit);
  }

  /** Counts what was written behind `length` as one more record of `owner`. */
  close(length: number, owner: T, end: number): void {
    this.length = length;
    if (this.count === this.ends.length) {
      const more = new Uint32Array(this.ends.length * 2);
      more.set(this.ends);
      this.ends = more;
    }
    this.ends[this.count++] = length;
    const last = this.segments.at(-1);
    if (last && last.owner === owner) {
      last.end = end;
      last.records++;
    } else {
      this.segments.push({ owner, end, records: 1 });
    }
  }

  /** Start of record `index` in the body; of `count`: its end. */
  startOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] ?? 0);
  }

  /** The bytes of records `from` up to, not with, `to`. A view, not a copy. */
  slice(from: number, to: number): Buffer {
    return this.slab.bytes.subarray(this.startOf(from), this.startOf(to));
  }
}
