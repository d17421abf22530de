import { levels } from '../../src/core/levels.ts';
import { parseLocalTime } from './local-time.ts';
import { viewOf } from './words.ts';

/** What the beginning of a line says. Reused for each line: nothing is allocated on the way. */
export class Head {
  /** `json`: the line is an object. `text`: time, perhaps a level. `bare`: neither, a continuation or free text. */
  kind: 'json' | 'text' | 'bare' = 'bare';
  /** Index into `levels`; -1 when the line names none. */
  level = -1;
  /** Bytes of a time that goes into the document as it is; empty when `micros` holds it instead. */
  timeFrom = 0;
  timeTo = 0;
  /** Microseconds since the epoch. */
  micros = 0;
  /** Where the text behind time and level begins. */
  rest = 0;
}

const space = 32;
const zero = 48;
const nine = 57;
/** How far into a line the level may stand behind a time of the operator's own format. */
const customReach = 64;

/** Reads how the line `b[from..to)` begins; false for a bare one. */
export function readHead(b: Uint8Array, from: number, to: number, head: Head): boolean {
  head.level = -1;
  head.timeFrom = head.timeTo = 0;
  head.micros = 0;
  head.rest = from;
  if (b[from] === 123) {
    head.kind = 'json';
    return true;
  }
  const afterTime = readTime(b, from, to, head);
  if (afterTime > 0 && (afterTime === to || b[afterTime] === space)) {
    head.kind = 'text';
    head.rest = Math.min(to, afterTime + 1);
    readLevel(b, head.rest, to, head);
    return true;
  }
  if (readCustom(b, from, to, head)) {
    head.kind = 'text';
    return true;
  }
  head.kind = 'bare';
  head.rest = from;
  return false;
}

/** Steps over `[level] ` at `at`; leaves head alone when there is none. */
function readLevel(b: Uint8Array, at: number, to: number, head: Head): boolean {
  if (b[at] !== 91) return false;
  const level = levelAt(b, at + 1);
  if (level < 0) return false;
  const close = at + 1 + (levels[level] as string).length;
  if (close >= to || b[close] !== 93 || (close + 1 < to && b[close + 1] !== space)) return false;
  head.level = level;
  head.rest = Math.min(to, close + 2);
  return true;
}

const levelBytes = levels.map((level) => Buffer.from(level));
/** Index of a level by its first letter; `emergency` shares its own with `error`. */
const byLetter = new Int8Array(256).fill(-1);
levels.forEach((level, index) => {
  byLetter[level.charCodeAt(0)] = index;
});
const error = levels.indexOf('error');
byLetter[101] = error;

/** Index of the level whose name begins at `at`, or -1. */
export function levelAt(b: Uint8Array, at: number): number {
  let index = byLetter[b[at] as number] ?? -1;
  if (index < 0) return -1;
  if (index === error && b[at + 1] === 109) index = levels.indexOf('emergency');
  const name = levelBytes[index] as Buffer;
  for (let i = 1; i < name.length; i++) if (b[at + i] !== name[i]) return -1;
  return index;
}

/** RFC 3339 or microseconds since the epoch (contract: emqx.md C4, C5). Answers the index behind it, or 0. */
function readTime(b: Uint8Array, from: number, to: number, head: Head): number {
  const first = b[from] ?? 0;
  if (first < zero || first > nine) return 0;
  const end = rfc3339End(b, from, to);
  if (end > 0) {
    head.timeFrom = from;
    head.timeTo = end;
    return end;
  }
  let value = 0;
  let at = from;
  while (at < to && at < from + 17) {
    const digit = (b[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  if (at - from !== 16) return 0;
  head.micros = value;
  return at;
}

const digits = (b: Uint8Array, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) {
    const c = b[i] as number;
    if (c < zero || c > nine) return false;
  }
  return true;
};

/** The first 19 bytes of the time read last, as words: neighbouring lines mostly carry the same second. */
const lastSecond = new Int32Array(5);
/** Where these words begin; the last one overlaps the one before. */
const wordAt = [0, 4, 8, 12, 15] as const;

/** True when the second at `from` is the last one again. */
function isLastSecond(view: DataView, from: number): boolean {
  return (
    view.getInt32(from + 15, true) === lastSecond[4] &&
    view.getInt32(from + 12, true) === lastSecond[3] &&
    view.getInt32(from + 8, true) === lastSecond[2] &&
    view.getInt32(from + 4, true) === lastSecond[1] &&
    view.getInt32(from, true) === lastSecond[0]
  );
}

/** Index behind `2024-03-20T11:08:39.568980+01:00` (any number of decimals up to 9, or none; `Z`), or 0. */
export function rfc3339End(b: Uint8Array, from: number, to: number): number {
  if (to - from < 20) return 0;
  const view = viewOf(b);
  if (!isLastSecond(view, from)) {
    if (!isSecond(b, from)) return 0;
    wordAt.forEach((at, i) => {
      lastSecond[i] = view.getInt32(from + at, true);
    });
  }
  let at = from + 19;
  if (b[at] === 46) {
    at++;
    const fraction = at;
    while (at < to && at < fraction + 9 && (b[at] as number) >= zero && (b[at] as number) <= nine) at++;
    if (at === fraction) return 0;
  }
  if (b[at] === 90 && at < to) return at + 1;
  if (at + 6 > to || (b[at] !== 43 && b[at] !== 45) || b[at + 3] !== 58) return 0;
  return digits(b, at + 1, at + 3) && digits(b, at + 4, at + 6) ? at + 6 : 0;
}

/** `2024-03-20T11:08:39` */
function isSecond(b: Uint8Array, from: number): boolean {
  return (
    b[from + 4] === 45 &&
    b[from + 7] === 45 &&
    b[from + 10] === 84 &&
    b[from + 13] === 58 &&
    b[from + 16] === 58 &&
    digits(b, from, from + 4) &&
    digits(b, from + 5, from + 7) &&
    digits(b, from + 8, from + 10) &&
    digits(b, from + 11, from + 13) &&
    digits(b, from + 14, from + 16) &&
    digits(b, from + 17, from + 19)
  );
}

/** A time of v4's `log.formatter.text.date.format`: whatever stands before ` [level] ` and has digits enough. */
function readCustom(b: Uint8Array, from: number, to: number, head: Head): boolean {
  if (b[from] === space || b[from] === 9) return false;
  const reach = Math.min(to, from + customReach);
  let seen = 0;
  for (let at = from; at < reach; at++) {
    const c = b[at] as number;
    if (c >= zero && c <= nine) seen++;
    if (c !== 91 || at === from || b[at - 1] !== space || seen < 4) continue;
    if (!readLevel(b, at, to, head)) continue;
    head.micros = parseLocalTime(Buffer.from(b.buffer, b.byteOffset + from, at - 1 - from).toString('latin1')) ?? 0;
    return true;
  }
  return false;
}
