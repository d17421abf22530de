import { bodyLimit, recordsLimit } from './layout.ts';
import type { Slab } from './slab.ts';

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

  constructor(slab: Slab, since: number) {
    this.slab = slab;
    this.since = since;
  }

  /** Takes in what the kernel put behind the records before: now there are `count` in `length` bytes. */
  close(length: number, count: number, owner: T, end: number): void {
    const records = count - this.count;
    this.length = length;
    this.count = count;
    const last = this.segments.at(-1);
    if (last && last.owner === owner) {
      last.end = end;
      last.records += records;
    } else {
      this.segments.push({ owner, end, records });
    }
  }

  /** Adds one document; false when there is no room for it. */
  append(document: Buffer, owner: T, end: number): boolean {
    const length = this.length + document.length;
    if (length > bodyLimit || this.count === recordsLimit) return false;
    document.copy(this.slab.body, this.length);
    this.slab.ends[this.count] = length;
    this.close(length, this.count + 1, owner, end);
    return true;
  }

  /** Start of record `index` in the body; of `count`: its end. */
  startOf(index: number): number {
    return index === 0 ? 0 : (this.slab.ends[index - 1] ?? 0);
  }

  /** The bytes of records `from` up to, not with, `to`. A view, not a copy. */
  slice(from: number, to: number): Buffer {
    return this.slab.body.subarray(this.startOf(from), this.startOf(to));
  }
}
