import { createHash } from 'node:crypto';
import { type BigIntStats, close, fstat, open, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { levels } from '../../src/core/levels.ts';
import type { Inherited } from './records.ts';
import type { Template } from './template.ts';

/** Bytes in front of a position that must still be there when reading goes on. */
export const tailSize = 64;
/** A first line is taken as far as this many bytes for the fingerprint. */
const firstLineLimit = 64 * 1024;
/** So many bytes of it are compared after each read. */
const headSize = 512;

export const openFile = promisify(open);
export const closeFile = promisify(close);
const readFileAt = promisify(read);
const statOpen = promisify(fstat) as (fd: number, options: { bigint: true }) => Promise<BigIntStats>;

/** A file's identity on its file system. Not enough alone: inodes are used again, and EMQX truncates in place. */
export const idOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;

export interface FirstLine {
  /** The first complete line with its break, or its first 64 KiB. */
  readonly bytes: Buffer;
  readonly fingerprint: string;
}

/** Reads the first line of an open file; undefined while it is not complete. */
export async function readFirstLine(fd: number): Promise<FirstLine | undefined> {
  let bytes = Buffer.alloc(1024);
  for (let length = 0; ; ) {
    const { bytesRead } = await readFileAt(fd, bytes, length, bytes.length - length, length);
    const found = bytes.subarray(0, length + bytesRead).indexOf(10, length);
    length += bytesRead;
    if (found >= 0 || length >= firstLineLimit) {
      const line = Buffer.from(bytes.subarray(0, found >= 0 ? found + 1 : firstLineLimit));
      return { bytes: line, fingerprint: createHash('sha256').update(line).digest('hex').slice(0, 32) };
    }
    if (bytesRead === 0) return undefined;
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(firstLineLimit, bytes.length * 4));
  }
}

/** True when the bytes in front of `position` are `tail`. */
export async function hasTail(fd: number, position: number, tail: Buffer): Promise<boolean> {
  if (tail.length === 0) return true;
  const found = Buffer.alloc(tail.length);
  const { bytesRead } = await readFileAt(fd, found, 0, tail.length, position - tail.length);
  return bytesRead === tail.length && found.equals(tail);
}

export const statFile = (fd: number): Promise<BigIntStats> => statOpen(fd, { bigint: true });

/**
 * One content of one file: from its first line to its end, wherever it lies and however it is called. Truncation in
 * place and replacement begin another one.
 */
export class Generation {
  path: string;
  number: number | undefined;
  id: string;
  fd: number | undefined;
  readonly fingerprint: string;
  /** How many generations of the set began with the very same line before. */
  readonly repeat: number;
  /** Beginning of the first line; empty until the file was opened in this process. */
  head: Buffer = Buffer.alloc(0);
  /** What makes the ids of its records its own; empty until the file was opened in this process. */
  key: Buffer = Buffer.alloc(0);
  template: Template | undefined;
  readonly inherited: Inherited = { level: levels.indexOf('info'), micros: 0 };

  size = 0;
  mtimeNs = 0n;
  /** Monotonic time at which the file was first seen as it is. */
  changedAt = 0;

  /** Everything before is in a batch. */
  position = 0;
  tail: Buffer = Buffer.alloc(0);
  /** Records before `position`. */
  records = 0;

  /** Everything before is delivered. */
  acked = 0;
  ackedTail: Buffer = Buffer.alloc(0);
  ackedRecords = 0;

  /** Nothing is written to it any more, as far as can be told: another one of the set has begun. */
  final = false;
  /** How many records EMQX counted in it; known for finished files of a wrapping set. */
  items: number | undefined;
  /** Since when (monotonic) it is gone from the directory; only a held descriptor still leads there. */
  vanishedAt: number | undefined;
  /** Truncated or replaced: what was not read is lost. */
  retired = false;
  /** A read is under way: nobody else judges the file meanwhile. */
  busy = false;
  /** The last read found its bytes changed under us. */
  suspect = false;
  /** Size at which the last read found no complete record, and what it could reach for then. */
  stalledAt = -1;
  stalledReach = 0;
  /** End of an over-long line at `position`, break included, as soon as it was found; and how far was searched. */
  longEnd = 0;
  longTail: Buffer = Buffer.alloc(0);
  searchedTo = 0;

  constructor(path: string, number: number | undefined, id: string, fingerprint: string, repeat: number) {
    this.path = path;
    this.number = number;
    this.id = id;
    this.fingerprint = fingerprint;
    this.repeat = repeat;
  }

  /** True when it was opened in this process; what a checkpoint alone tells of may be further than that says. */
  get isRead(): boolean {
    return this.key.length > 0;
  }

  get unread(): number {
    return Math.max(0, this.size - this.position);
  }

  /** Takes what a fresh look at the file said. */
  see(stat: BigIntStats, monotonicMs: number): void {
    const size = Number(stat.size);
    if (size !== this.size || stat.mtimeNs !== this.mtimeNs) this.changedAt = monotonicMs;
    if (size > this.size) this.final = false;
    this.size = size;
    this.mtimeNs = stat.mtimeNs;
  }

  /** Ties it to an open file whose first line is `line`. */
  attach(fd: number, line: Buffer, key: Buffer): void {
    this.fd = fd;
    this.head = Buffer.from(line.subarray(0, headSize));
    this.key = key;
    this.template = undefined;
  }

  /**
   * Reads from `position` on into `bytes` at `at`, its tail in front. Answers how many new bytes lie behind the tail; -1
   * when the file's beginning or the bytes before `position` are no longer those we know.
   */
  async read(bytes: Buffer, at: number, limit: number): Promise<number> {
    if (this.fd === undefined) return -1;
    const before = this.tail.length;
    const { bytesRead } = await readFileAt(this.fd, bytes, at, limit, this.position - before);
    if (bytesRead < before || bytes.compare(this.tail, 0, before, at, at + before) !== 0) return -1;
    // Looked at behind the read: what still begins the same now began the same when it was read.
    if (this.hasHead()) return bytesRead - before;
    // Truncated meanwhile. As long as the new content has not come as far, what we hold is the old one's.
    this.suspect = true;
    const { size } = await statFile(this.fd);
    return Number(size) <= this.position - before ? bytesRead - before : -1;
  }

  /** True when the file still begins as we know it. */
  hasHead(): boolean {
    if (this.fd === undefined) return false;
    const found = Buffer.allocUnsafe(this.head.length);
    return readSync(this.fd, found, 0, found.length, 0) === found.length && found.equals(this.head);
  }

  /** Moves on past what was put into a batch; `bytes[at]` is the byte at the old position. */
  advance(to: number, bytes: Buffer, at: number): void {
    const end = at + to - this.position;
    const size = Math.min(tailSize, to);
    this.tail = Buffer.from(bytes.subarray(end - size, end));
    this.position = to;
    this.searchedTo = 0;
  }

  /** Moves on past an over-long line whose end was found. */
  jump(): void {
    this.position = this.longEnd;
    this.tail = this.longTail;
    this.longEnd = 0;
    this.searchedTo = 0;
  }

  async release(): Promise<void> {
    const { fd } = this;
    this.fd = undefined;
    if (fd !== undefined) await closeFile(fd).catch(() => undefined);
  }
}
