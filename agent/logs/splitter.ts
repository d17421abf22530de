import { isUtf8 } from 'node:buffer';
import { Head, readHead } from './head.ts';
import { recordLimit } from './slab.ts';
import { substituteInvalid } from './specials.ts';

/** A record is closed after this many lines, so that a report without end cannot grow without end. */
export const lineLimit = 1000;

/** What else the splitter must know about the bytes it is given. */
export interface Reach {
  /** Nothing follows these bytes in the file any more: an unfinished last line is a record too. */
  readonly final: boolean;
  /** The file has been quiet for long enough: the last record has no more lines to come. */
  readonly quiet: boolean;
}

/**
 * Cuts bytes into records: one line each, or a line with time and level and the lines behind it that have none
 * (`single_line=false`). Only complete lines; what is unfinished stays for the next read. The cut depends on nothing but
 * the bytes and on `quiet`, so that a read from the same offset makes the same records again.
 */
export class Splitter {
  /** The record found last: first byte, end without line break, first byte of the next one. */
  start = 0;
  end = 0;
  next = 0;
  /** More of the line followed than a record may have. */
  cut = false;
  /** The record has line breaks inside. */
  multiline = false;
  /** Bytes of the record were replaced, so that it has some that must be escaped. */
  repaired = false;
  head = new Head();

  private bytes: Buffer = Buffer.alloc(0);
  private to = 0;
  private reach: Reach = { final: false, quiet: false };
  private ahead = new Head();
  /** Where the line begins whose head was read ahead already; -1 when there is none. */
  private aheadAt = -1;

  load(bytes: Buffer, from: number, to: number, reach: Reach): void {
    this.bytes = bytes;
    this.next = from;
    this.to = to;
    this.reach = reach;
    this.aheadAt = -1;
  }

  /** Steps to the next record; false when the bytes hold no further complete one. */
  step(): boolean {
    let start = this.next;
    let lineEnd = this.lineEnd(start);
    // Empty lines in front belong to nobody.
    while (lineEnd >= 0 && this.isEmpty(start, lineEnd)) {
      start = this.next = lineEnd + 1;
      lineEnd = this.lineEnd(start);
    }
    if (lineEnd < 0) return false;
    if (this.aheadAt === start) {
      const known = this.ahead;
      this.ahead = this.head;
      this.head = known;
    } else {
      readHead(this.bytes, start, lineEnd, this.head);
    }
    this.aheadAt = -1;
    let next = Math.min(this.to, lineEnd + 1);
    const firstEnd = lineEnd;
    if (this.head.kind === 'text') {
      const end = this.continuation(start, lineEnd, next);
      if (end < 0) return false;
      lineEnd = end;
      next = Math.min(this.to, lineEnd + 1);
    }
    this.start = start;
    this.multiline = lineEnd > firstEnd;
    this.repaired = false;
    this.next = next;
    this.cut = lineEnd - start > recordLimit;
    this.end = this.cut ? wholeCharacters(this.bytes, start + recordLimit) : lineEnd;
    while (this.end > start && isBreak(this.bytes[this.end - 1] as number)) this.end--;
    return true;
  }

  /** Replaces what is no UTF-8 in the present record, in place. */
  repair(): void {
    if (isUtf8(this.bytes.subarray(this.start, this.end))) return;
    substituteInvalid(this.bytes, this.start, this.end);
    this.repaired = true;
  }

  /** Takes the lines in that belong to the record which begins at `start`; -1 while that cannot be told yet. */
  private continuation(start: number, firstEnd: number, from: number): number {
    let end = firstEnd;
    let at = from;
    for (let lines = 1; lines < lineLimit; lines++) {
      if (at >= this.to) return this.reach.quiet || this.reach.final ? end : -1;
      const lineEnd = this.lineEnd(at);
      if (lineEnd < 0) {
        if (at - start > recordLimit || this.to - at > recordLimit) return end;
        return this.reach.quiet ? end : -1;
      }
      if (lineEnd - start > recordLimit) return end;
      if (readHead(this.bytes, at, lineEnd, this.ahead)) {
        this.aheadAt = at;
        return end;
      }
      end = lineEnd;
      at = Math.min(this.to, lineEnd + 1);
    }
    return end;
  }

  private isEmpty(start: number, lineEnd: number): boolean {
    return (lineEnd === start || (lineEnd === start + 1 && this.bytes[start] === 13)) && start < this.to;
  }

  /** Index of the line break of the line that begins at `from`; of an unfinished one -1, or its end if all is read. */
  private lineEnd(from: number): number {
    const at = this.bytes.indexOf(10, from);
    if (at >= 0 && at < this.to) return at;
    return this.reach.final && from < this.to ? this.to : -1;
  }
}

/** Steps back from the middle of a UTF-8 character to its beginning. */
function wholeCharacters(b: Uint8Array, end: number): number {
  let at = end;
  while (at > end - 4 && ((b[at] as number) & 0xc0) === 0x80) at--;
  return at;
}

const isBreak = (c: number): boolean => c === 10 || c === 13;
