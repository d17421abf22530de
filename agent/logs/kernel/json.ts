import { memberLimit, memberSize, membersAt } from '../layout.ts';
import { areDigits, digits16, levelAt, rfc3339End } from './head.ts';
import { backslash, findSpecial, forget, isDigit, quote } from './scan.ts';
import {
  clientidField,
  mfaField,
  msgField,
  peernameField,
  pidField,
  tagField,
  topicField,
  usernameField,
} from './text.ts';

/** One member of an object, as places of its key and value. */
@unmanaged
export class Member {
  keyFrom: usize;
  keyTo: usize;
  valueFrom: usize;
  valueTo: usize;
  /** The value is a string; its place is then that of what stands between the quotes. */
  isString: bool;
  /** Number of the named field, -1 for another name, -2 for `time` and `level`, which stand elsewhere. */
  field: i32;
}

export function member(index: i32): Member {
  return changetype<Member>(membersAt + <usize>index * memberSize);
}

/** What the object said. */
export let count: i32 = 0;
export let level: i32 = -1;
export let timeFrom: usize = 0;
export let timeTo: usize = 0;
export let micros: i64 = 0;

/** One bit for each named field: it is there; it is there more than once. */
export let seen: u32 = 0;
export let doubled: u32 = 0;
/** By field: number of the first member of that name. */
const firsts = memory.data(8);

export function firstOf(field: i32): i32 {
  return load<u8>(firsts + <usize>field);
}

let last: usize = 0;

/**
 * Reads the outermost object of a JSON line without making anything of its values: bytes go from line to document as
 * they are, so each string's escapes are checked here. Nested values are only skipped over, with brackets matched.
 * False when the line is no complete object, or one with more members than we read.
 */
export function parseJson(from: usize, to: usize): bool {
  last = to;
  forget();
  count = 0;
  seen = doubled = 0;
  level = -1;
  timeFrom = timeTo = 0;
  micros = 0;
  let at = skipBlanks(from + 1);
  if (at < to && load<u8>(at) === 125) return skipBlanks(at + 1) === to;
  while (at < to) {
    if (load<u8>(at) !== quote) return false;
    const keyEnd = stringEnd(at);
    if (keyEnd === 0 || count === memberLimit) return false;
    const colon = skipBlanks(keyEnd);
    if (colon >= to || load<u8>(colon) !== 58) return false;
    const value = skipBlanks(colon + 1);
    const end = valueEnd(value);
    if (end === 0) return false;
    note(at + 1, keyEnd - 1, value, end);
    at = skipBlanks(end);
    if (at >= to) return false;
    const c = load<u8>(at);
    if (c === 125) return skipBlanks(at + 1) === to;
    if (c !== 44) return false;
    at = skipBlanks(at + 1);
  }
  return false;
}

function note(keyFrom: usize, keyTo: usize, valueFrom: usize, valueTo: usize): void {
  const isString = load<u8>(valueFrom) === quote;
  const from = isString ? valueFrom + 1 : valueFrom;
  const to = isString ? valueTo - 1 : valueTo;
  const field = fieldOf(keyFrom, keyTo, from, to);
  if (field >= 0) {
    if (seen & (1 << field)) doubled |= 1 << field;
    else store<u8>(firsts + <usize>field, <u8>count);
    seen |= 1 << field;
  }
  const entry = member(count++);
  entry.keyFrom = keyFrom;
  entry.keyTo = keyTo;
  entry.valueFrom = from;
  entry.valueTo = to;
  entry.isString = isString;
  entry.field = field;
}

/** By the key; `time` and `level` whose values cannot be read stay ordinary members. */
function fieldOf(key: usize, keyTo: usize, from: usize, to: usize): i32 {
  const size = keyTo - key;
  if (size === 3) {
    switch (load<u32>(key) & 0xffffff) {
      case 0x676174:
        return tagField;
      case 0x67736d:
        return msgField;
      case 0x646970:
        return pidField;
      case 0x61666d:
        return mfaField;
    }
  } else if (size === 8) {
    switch (load<u64>(key)) {
      case 0x6469746e65696c63:
        return clientidField;
      case 0x656d616e72656570:
        return peernameField;
      case 0x656d616e72657375:
        return usernameField;
    }
  } else if (size === 4) {
    if (load<u32>(key) === 0x656d6974) return readTime(from, to) ? -2 : -1;
  } else if (size === 5) {
    const word = load<u32>(key);
    if (word === 0x69706f74 && load<u8>(key, 4) === 99) return topicField;
    if (word === 0x6576656c && load<u8>(key, 4) === 108) return readLevel(from) ? -2 : -1;
  }
  return -1;
}

function readTime(from: usize, to: usize): bool {
  if (rfc3339End(from, to) === to) {
    timeFrom = from;
    timeTo = to;
    return true;
  }
  const value = to - from === 16 ? digits16(from) : -1;
  if (value >= 0) micros = value;
  return value >= 0;
}

function readLevel(from: usize): bool {
  const found = levelAt(from);
  if (found >= 0) level = found;
  return found >= 0;
}

function skipBlanks(from: usize): usize {
  let at = from;
  while (at < last && isBlank(load<u8>(at))) at++;
  return at;
}

function isBlank(c: u8): bool {
  return c <= 32 && (c === 32 || c === 9 || c === 13 || c === 10);
}

/** Place behind the string that opens at `from`, or 0 when it is not one that may be copied as it is. */
function stringEnd(from: usize): usize {
  let at = findSpecial(from + 1, last);
  while (at < last && load<u8>(at) === backslash) {
    const letter = load<u8>(at, 1);
    at += 2;
    if (letter === 117) {
      if (at + 3 >= last) return 0;
      for (let i: usize = 0; i < 4; i++) if (!isHex(load<u8>(at + i))) return 0;
      at += 4;
    } else if (!isEscape(letter)) return 0;
    at = findSpecial(at, last);
  }
  return at < last && load<u8>(at) === quote ? at + 1 : 0;
}

/** Place behind the value at `from`, or 0. */
function valueEnd(from: usize): usize {
  if (from >= last) return 0;
  const first = load<u8>(from);
  if (first === quote) return stringEnd(from);
  if (first !== 123 && first !== 91) {
    let at = from;
    while (at + 8 <= last && areDigits(load<u64>(at))) at += 8;
    while (at < last && isPlain(load<u8>(at))) at++;
    return at > from ? at : 0;
  }
  let depth = 0;
  for (let at = from; at < last; ) {
    const c = load<u8>(at);
    if (c === quote) {
      at = stringEnd(at);
      if (at === 0) return 0;
      continue;
    }
    at++;
    if (c === 123 || c === 91) depth++;
    else if ((c === 125 || c === 93) && --depth === 0) return at;
  }
  return 0;
}

function isHex(c: u8): bool {
  return isDigit(c) || <u8>((c | 32) - 97) < 6;
}

/** `"` `\` `/` b f n r t */
function isEscape(c: u8): bool {
  return c === 34 || c === 92 || c === 47 || c === 98 || c === 102 || c === 110 || c === 114 || c === 116;
}

/** Letters, digits, sign and point: numbers, true, false, null. */
function isPlain(c: u8): bool {
  return isDigit(c) || <u8>(c - 97) < 26 || c === 43 || c === 45 || c === 46 || c === 69;
}
