import { levelAt, rfc3339End } from './head.ts';
import { fieldNamed } from './spans.ts';

const quote = 34;
const backslash = 92;

/** Members of one object, as places in a buffer. A reader stops at this many; the rest stays unnamed but is not lost. */
const memberLimit = 64;

/**
 * Reads the outermost object of a JSON line without making anything of its values: bytes go from line to document as
 * they are, so each string's escapes are checked here. Nested values are only skipped over, with brackets matched.
 */
export class JsonLine {
  count = 0;
  readonly keyFrom = new Int32Array(memberLimit);
  readonly keyTo = new Int32Array(memberLimit);
  readonly valueFrom = new Int32Array(memberLimit);
  readonly valueTo = new Int32Array(memberLimit);
  /** 1 where the value is a string; its place is then that of what stands between the quotes. */
  readonly isString = new Uint8Array(memberLimit);
  /** Number in `emqxFields`, -1 for another name, -2 for `time` and `level`, which stand elsewhere. */
  readonly field = new Int8Array(memberLimit);
  level = -1;
  timeFrom = 0;
  timeTo = 0;
  micros = 0;

  private b: Uint8Array = new Uint8Array(0);
  private to = 0;

  /** False when the line is no complete object, or one with more members than we read. */
  parse(b: Uint8Array, from: number, to: number): boolean {
    this.b = b;
    this.to = to;
    this.count = 0;
    this.level = -1;
    this.timeFrom = this.timeTo = 0;
    this.micros = 0;
    let at = this.blank(from + 1);
    if (b[at] === 125 && at < to) return this.blank(at + 1) === to;
    for (;;) {
      if (at >= to || b[at] !== quote) return false;
      const keyEnd = this.string(at);
      if (keyEnd < 0 || this.count === memberLimit) return false;
      const colon = this.blank(keyEnd);
      if (b[colon] !== 58) return false;
      const value = this.blank(colon + 1);
      const end = this.value(value);
      if (end < 0) return false;
      this.note(at + 1, keyEnd - 1, value, end);
      at = this.blank(end);
      if (at >= to) return false;
      if (b[at] === 125) return this.blank(at + 1) === to;
      if (b[at] !== 44) return false;
      at = this.blank(at + 1);
    }
  }

  private note(keyFrom: number, keyTo: number, valueFrom: number, valueTo: number): void {
    const { b, count } = this;
    const text = b[valueFrom] === quote;
    const from = text ? valueFrom + 1 : valueFrom;
    const to = text ? valueTo - 1 : valueTo;
    this.keyFrom[count] = keyFrom;
    this.keyTo[count] = keyTo;
    this.valueFrom[count] = from;
    this.valueTo[count] = to;
    this.isString[count] = text ? 1 : 0;
    this.field[count] = this.isHead(keyFrom, keyTo, from, to) ? -2 : fieldNamed(b, keyFrom, keyTo);
    this.count = count + 1;
  }

  /** Takes `time` and `level`; one that cannot be read stays an ordinary member. */
  private isHead(keyFrom: number, keyTo: number, from: number, to: number): boolean {
    const { b } = this;
    const size = keyTo - keyFrom;
    if (
      size === 4 &&
      b[keyFrom] === 116 &&
      b[keyFrom + 1] === 105 &&
      b[keyFrom + 2] === 109 &&
      b[keyFrom + 3] === 101
    ) {
      if (rfc3339End(b, from, to) === to) {
        this.timeFrom = from;
        this.timeTo = to;
        return true;
      }
      return this.epoch(from, to);
    }
    if (size === 5 && b[keyFrom] === 108 && b[keyFrom + 1] === 101 && b[keyFrom + 4] === 108) {
      const level = levelAt(b, from);
      if (level >= 0) this.level = level;
      return level >= 0;
    }
    return false;
  }

  private epoch(from: number, to: number): boolean {
    if (to - from !== 16) return false;
    let value = 0;
    for (let at = from; at < to; at++) {
      const digit = (this.b[at] as number) - 48;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    this.micros = value;
    return true;
  }

  private blank(from: number): number {
    let at = from;
    while (at < this.to && (this.b[at] === 32 || this.b[at] === 9 || this.b[at] === 13 || this.b[at] === 10)) at++;
    return at;
  }

  /** Index behind the string that opens at `from`, or -1 when it is not one that may be copied as it is. */
  private string(from: number): number {
    const { b, to } = this;
    for (let at = from + 1; at < to; at++) {
      const c = b[at] as number;
      if (c === quote) return at + 1;
      if (c < 32) return -1;
      if (c !== backslash) continue;
      at++;
      const letter = b[at] as number;
      if (letter === 117) {
        if (at + 4 >= to) return -1;
        for (let i = 1; i <= 4; i++) if (!isHex(b[at + i] as number)) return -1;
        at += 4;
      } else if (!isEscape(letter)) return -1;
    }
    return -1;
  }

  /** Index behind the value at `from`, or -1. */
  private value(from: number): number {
    const { b, to } = this;
    const first = b[from];
    if (first === quote) return this.string(from);
    if (first !== 123 && first !== 91) {
      let at = from;
      while (at < to && isPlain(b[at] as number)) at++;
      return at > from ? at : -1;
    }
    let depth = 0;
    for (let at = from; at < to; at++) {
      const c = b[at] as number;
      if (c === quote) {
        const end = this.string(at);
        if (end < 0) return -1;
        at = end - 1;
      } else if (c === 123 || c === 91) depth++;
      else if ((c === 125 || c === 93) && --depth === 0) return at + 1;
    }
    return -1;
  }
}

const isHex = (c: number): boolean => (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102);
/** `"` `\` `/` b f n r t */
const isEscape = (c: number): boolean =>
  c === 34 || c === 92 || c === 47 || c === 98 || c === 102 || c === 110 || c === 114 || c === 116;
/** Letters, digits, sign and point: numbers, true, false, null. */
const isPlain = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || c === 43 || c === 45 || c === 46 || c === 69;
