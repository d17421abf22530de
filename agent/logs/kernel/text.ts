import { find, findComma, forget, isDigit, newline } from './scan.ts';

/** Numbers of the named fields that stand in a document under `emqx.`, in the order of `emqxFields` of template.ts. */
export const tagField: i32 = 0;
export const clientidField: i32 = 1;
export const msgField: i32 = 2;
export const peernameField: i32 = 3;
export const usernameField: i32 = 4;
export const topicField: i32 = 5;
export const pidField: i32 = 6;
export const mfaField: i32 = 7;
export const fieldCount: i32 = 8;
/** The namespace, which stands among them but is no field of ours. */
const namespaceKey: i32 = 8;

/** Places of the values found, from and to of each field. */
const places = memory.data(64);
/** One bit for each field that was found. */
export let found: u32 = 0;

export function fieldFrom(field: i32): usize {
  return load<usize>(places + <usize>field * 8);
}

export function fieldTo(field: i32): usize {
  return load<usize>(places + <usize>field * 8, 4);
}

/** Notes a value; the first one of a name counts. */
function note(field: i32, from: usize, to: usize): void {
  if (found & (1 << field)) return;
  found |= 1 << field;
  store<usize>(places + <usize>field * 8, from);
  store<usize>(places + <usize>field * 8, to, 4);
}

const space: u8 = 32;
const colon: u8 = 58;
const atSign: u8 = 64;

export function clearFields(): void {
  found = 0;
}

/**
 * Finds the values EMQX names in the text behind time and level, of v5 and of v4 (contract: emqx.md C4, C5). With
 * `isMultiline` a value may also end with its line.
 */
export function parseText(from: usize, to: usize, isMultiline: bool): void {
  found = 0;
  forget();
  if (!parsePairs(skipBlanks(from, to), to, isMultiline)) parsePrefix(from, to);
}

function skipBlanks(from: usize, to: usize): usize {
  let at = from;
  while (at < to && load<u8>(at) === space) at++;
  return at;
}

/** `key: value, key: value`: the known keys that stand in front, whatever their order. False when there is none. */
function parsePairs(from: usize, to: usize, isMultiline: bool): bool {
  let key = knownKeyAt(from, to);
  let at = from;
  while (key >= 0) {
    const field = key;
    const value = at + <usize>load<u8>(keySizes + <usize>key);
    const lineEnd = isMultiline ? find(newline, value, to) : to;
    // A value ends where the next `, key: ` begins; it may hold commas and colons of its own.
    let end = value;
    for (;;) {
      end = findComma(end, lineEnd);
      if (end >= lineEnd) {
        end = lineEnd;
        at = skipBlanks(lineEnd + 1, to);
        key = knownKeyAt(at, to);
        break;
      }
      at = end + 2;
      key = knownKeyAt(at, to);
      // Behind a key that is not ours the event's own report begins.
      if (key >= 0 || isKeyAt(at, to)) break;
      end++;
    }
    if (field !== namespaceKey) note(field, value, end > value && load<u8>(end - 1) === 13 ? end - 1 : end);
  }
  return found !== 0;
}

/** Bytes of each key with its colon and blank. */
const keySizes = memory.data<u8>([5, 10, 5, 10, 10, 7, 5, 5, 5]);

/** Number of the known key that stands at `at` with its colon and blank, or -1. */
function knownKeyAt(at: usize, to: usize): i32 {
  if (at + 5 > to) return -1;
  let key: i32 = -1;
  // No two of them begin with the same four bytes.
  switch (load<u32>(at)) {
    case 0x3a676174:
      key = tagField;
      break;
    case 0x3a67736d:
      key = msgField;
      break;
    case 0x3a646970:
      key = pidField;
      break;
    case 0x3a61666d:
      key = mfaField;
      break;
    case 0x3a736e74:
      key = namespaceKey;
      break;
    case 0x65696c63:
      return at + 10 <= to && load<u32>(at, 4) === 0x6469746e && load<u16>(at, 8) === 0x203a ? clientidField : -1;
    case 0x72656570:
      return at + 10 <= to && load<u32>(at, 4) === 0x656d616e && load<u16>(at, 8) === 0x203a ? peernameField : -1;
    case 0x72657375:
      return at + 10 <= to && load<u32>(at, 4) === 0x656d616e && load<u16>(at, 8) === 0x203a ? usernameField : -1;
    case 0x69706f74:
      return at + 7 <= to && load<u16>(at, 4) === 0x3a63 && load<u8>(at, 6) === space ? topicField : -1;
    default:
      return -1;
  }
  return load<u8>(at, 4) === space ? key : -1;
}

/** True when any `key: ` stands at `at`. */
function isKeyAt(at: usize, to: usize): bool {
  let end = at;
  while (end < to && isKeyByte(load<u8>(end))) end++;
  return end > at && end + 1 < to && load<u8>(end) === colon && load<u8>(end, 1) === space;
}

function isKeyByte(c: u8): bool {
  return <u8>(c - 97) < 26 || isDigit(c) || c === 95;
}

/** `clientid@peername [Module] text`, any of the first two absent. A client id may hold blanks and `@`. */
function parsePrefix(from: usize, to: usize): void {
  const reach = min(to, from + 320);
  let at = from;
  for (let i = find(space, from, reach); i < reach; i = find(space, i + 1, reach)) {
    const peer = peerStart(from, i);
    if (peer === 0) continue;
    note(peernameField, peer, i);
    if (peer > from + 1) note(clientidField, from, peer - 1);
    at = i + 1;
    break;
  }
  if (load<u8>(at) !== 91) return;
  const last = min(to, at + 33);
  for (let i = at + 1; i < last; i++) {
    const c = load<u8>(i);
    if (c === 93) {
      if (i > at + 1) note(tagField, at + 1, i);
      return;
    }
    if (!isModuleByte(c)) return;
  }
}

function isModuleByte(c: u8): bool {
  return <u8>((c | 32) - 97) < 26 || isDigit(c) || c === space || c === 95 || c === 45;
}

/** Start of `address:port` that ends at `to` and stands first or behind an `@`; 0 when there is none. */
function peerStart(from: usize, to: usize): usize {
  let at = to;
  while (at > from && isDigit(load<u8>(at - 1))) at--;
  if (at === to || at <= from + 1 || load<u8>(at - 1) !== colon) return 0;
  let dots = 0;
  let colons = 0;
  for (at--; at > from; at--) {
    const c = load<u8>(at - 1);
    if (c === 46) dots++;
    else if (c === colon) colons++;
    else if (!isDigit(c) && <u8>((c | 32) - 97) >= 6) break;
  }
  const isAddress = (dots === 3 && isDigit(load<u8>(at))) || colons >= 2;
  return isAddress && (at === from || load<u8>(at - 1) === atSign) ? at : 0;
}
