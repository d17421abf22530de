import { customReach } from '../layout.ts';
import { isDigit } from './scan.ts';

/** Kinds of a line: neither time nor level; time, perhaps a level; an object. */
export const bare: i32 = 0;
export const text: i32 = 1;
export const json: i32 = 2;

/** What the beginning of a line says. Two of them lie in memory: of the present record, and of the line read ahead. */
@unmanaged
export class Head {
  kind: i32;
  /** Number of the level; -1 when the line names none. */
  level: i32;
  /** Bytes of a time that goes into the document as it is; both 0 when `micros` holds it instead. */
  timeFrom: usize;
  timeTo: usize;
  /** End of a time in the operator's own format, which begins the line; 0 when there is none. */
  customTo: usize;
  /** Where the text behind time and level begins. */
  rest: usize;
  /** Microseconds since the epoch. */
  micros: i64;
}

const space: u8 = 32;
const open: u8 = 91;
const close: u8 = 93;

/** Reads how the line from..to begins; false for a bare one. */
export function readHead(from: usize, to: usize, head: Head): bool {
  head.level = -1;
  head.timeFrom = head.timeTo = head.customTo = 0;
  head.micros = 0;
  head.rest = from;
  if (load<u8>(from) === 123) {
    head.kind = json;
    return true;
  }
  const afterTime = readTime(from, to, head);
  if (afterTime > 0 && (afterTime === to || load<u8>(afterTime) === space)) {
    head.kind = text;
    head.rest = min(to, afterTime + 1);
    readLevel(head.rest, to, head);
    return true;
  }
  if (readCustom(from, to, head)) {
    head.kind = text;
    return true;
  }
  head.kind = bare;
  head.rest = from;
  return false;
}

/** Steps over `[level] ` at `at`; leaves head alone when there is none. */
function readLevel(at: usize, to: usize, head: Head): bool {
  if (load<u8>(at) !== open) return false;
  const level = levelAt(at + 1);
  if (level < 0) return false;
  const end = at + 1 + <usize>load<u8>(levelSizes + <usize>level);
  if (end >= to || load<u8>(end) !== close || (end + 1 < to && load<u8>(end, 1) !== space)) return false;
  head.level = level;
  head.rest = min(to, end + 2);
  return true;
}

/** Lengths of `levels`, mildest first: debug info notice warning error critical alert emergency. */
const levelSizes = memory.data<u8>([5, 4, 6, 7, 5, 8, 5, 9]);

/** Number of the level whose name begins at `at`, or -1. */
export function levelAt(at: usize): i32 {
  // Four letters, lowest first, tell them apart; then the rest of the name.
  switch (load<u32>(at)) {
    case 0x75626564:
      return load<u8>(at, 4) === 103 ? 0 : -1;
    case 0x6f666e69:
      return 1;
    case 0x69746f6e:
      return load<u16>(at, 4) === 0x6563 ? 2 : -1;
    case 0x6e726177:
      return (load<u32>(at, 4) & 0xffffff) === 0x676e69 ? 3 : -1;
    case 0x6f727265:
      return load<u8>(at, 4) === 114 ? 4 : -1;
    case 0x74697263:
      return load<u32>(at, 4) === 0x6c616369 ? 5 : -1;
    case 0x72656c61:
      return load<u8>(at, 4) === 116 ? 6 : -1;
    case 0x72656d65:
      return load<u32>(at, 4) === 0x636e6567 && load<u8>(at, 8) === 121 ? 7 : -1;
    default:
      return -1;
  }
}

/** RFC 3339 or microseconds since the epoch (contract: emqx.md C4, C5). Answers the place behind it, or 0. */
function readTime(from: usize, to: usize, head: Head): usize {
  if (!isDigit(load<u8>(from))) return 0;
  const end = rfc3339End(from, to);
  if (end > 0) {
    head.timeFrom = from;
    head.timeTo = end;
    return end;
  }
  const value = readMicros(from, to);
  if (value < 0) return 0;
  head.micros = value;
  return from + 16;
}

/** Sixteen digits and no more at `from`, or -1. */
function readMicros(from: usize, to: usize): i64 {
  if (from + 16 > to || (from + 16 < to && isDigit(load<u8>(from, 16)))) return -1;
  return digits16(from);
}

/** The number that sixteen digits at `at` make, or -1 when one is none. */
export function digits16(at: usize): i64 {
  const high = digits8(load<u64>(at));
  const low = digits8(load<u64>(at, 8));
  return high < 0 || low < 0 ? -1 : high * 100_000_000 + low;
}

/** The same for eight of them, the first one lowest. */
function digits8(word: u64): i64 {
  if (!areDigits(word)) return -1;
  const value = word - 0x3030303030303030;
  const pairs = (value * 10 + (value >> 8)) & 0x00ff00ff00ff00ff;
  const fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff;
  return <i64>((fours * 10_000 + (fours >> 32)) & 0xffffffff);
}

/** Place behind `2024-03-20T11:08:39.568980+01:00` (any number of decimals up to 9, or none; `Z`), or 0. */
export function rfc3339End(from: usize, to: usize): usize {
  if (to < from + 20 || !isSecond(from)) return 0;
  let at = from + 19;
  if (load<u8>(at) === 46) {
    const fraction = ++at;
    const reach = min(to, fraction + 9);
    while (at < reach && isDigit(load<u8>(at))) at++;
    if (at === fraction) return 0;
  }
  const sign = load<u8>(at);
  if (sign === 90 && at < to) return at + 1;
  if (at + 6 > to || (sign !== 43 && sign !== 45) || load<u8>(at, 3) !== 58) return 0;
  const hours = isDigit(load<u8>(at, 1)) && isDigit(load<u8>(at, 2));
  return hours && isDigit(load<u8>(at, 4)) && isDigit(load<u8>(at, 5)) ? at + 6 : 0;
}

/** `2024-03-20T11:08:39`: eight bytes at a time, what is no digit compared with what must stand there. */
function isSecond(from: usize): bool {
  const a = load<u64>(from);
  const b = load<u64>(from, 8);
  const c = load<u64>(from, 11);
  if ((a & 0xff0000ff00000000) !== 0x2d00002d00000000) return false;
  if ((b & 0x0000ff0000ff0000) !== 0x00003a0000540000) return false;
  if ((c & 0x0000ff0000ff0000) !== 0x00003a00003a0000) return false;
  return (
    areDigits((a & 0x00ffff00ffffffff) | 0x3000003000000000) &&
    areDigits((b & 0xffff00ffff00ffff) | 0x0000300000300000) &&
    areDigits((c & 0xffff00ffff00ffff) | 0x0000300000300000)
  );
}

/** True when eight bytes are all digits. */
export function areDigits(word: u64): bool {
  const high = (word & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030;
  return (high | (((word & 0x0f0f0f0f0f0f0f0f) + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0)) === 0;
}

/** A time of v4's `log.formatter.text.date.format`: whatever stands before ` [level] ` and has digits enough. */
function readCustom(from: usize, to: usize, head: Head): bool {
  const first = load<u8>(from);
  if (first === space || first === 9) return false;
  const reach = min(to, from + customReach);
  let seen = 0;
  for (let at = from; at < reach; at++) {
    const c = load<u8>(at);
    if (isDigit(c)) seen++;
    if (c !== open || at === from || load<u8>(at - 1) !== space || seen < 4) continue;
    if (!readLevel(at, to, head)) continue;
    head.customTo = at - 1;
    head.micros = 0;
    return true;
  }
  return false;
}
