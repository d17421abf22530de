import type { Spans } from './spans.ts';
import { fieldNamed } from './spans.ts';

const space = 32;
const comma = 44;
const colon = 58;
const newline = 10;

const fieldNo = { tag: 0, clientid: 1, peername: 3 } as const;

/** Finds the values EMQX names in the text behind time and level, of v5 and of v4 (contract: emqx.md C4, C5). */
export function parseText(b: Uint8Array, from: number, to: number, spans: Spans): void {
  spans.found = 0;
  let at = from;
  while (at < to && b[at] === space) at++;
  if (parsePairs(b, at, to, spans)) return;
  parsePrefix(b, from, to, spans);
}

/** `key: value, key: value`: the known keys that stand in front, whatever their order. False when there is none. */
function parsePairs(b: Uint8Array, from: number, to: number, spans: Spans): boolean {
  let at = from;
  for (;;) {
    const keyEnd = keyAt(b, at, to);
    if (keyEnd < 0) return at !== from;
    const field = fieldNamed(b, at, keyEnd);
    // `tns`, the namespace, stands among the known ones; behind any other the event's own report begins.
    if (field < 0 && !(keyEnd - at === 3 && b[at] === 116 && b[at + 1] === 110)) return at !== from;
    const value = keyEnd + 2;
    const end = valueEnd(b, value, to);
    if (field >= 0) spans.set(field, value, end);
    at = end;
    if (at >= to) return true;
    if (b[at] === comma) at += 2;
    else while (at < to && (b[at] === newline || b[at] === 13 || b[at] === space)) at++;
  }
}

/** Index of the colon of `key: ` at `at`, or -1. */
function keyAt(b: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && isKeyByte(b[end] as number)) end++;
  return end > at && end + 1 < to && b[end] === colon && b[end + 1] === space ? end : -1;
}

const isKeyByte = (c: number): boolean => (c >= 97 && c <= 122) || c === 95 || (c >= 48 && c <= 57);

/** A value ends where the next `, key: ` begins, or a line of its own; values may hold commas and colons. */
function valueEnd(b: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const c = b[at];
    if (c === comma) {
      if (b[at + 1] === space && keyAt(b, at + 2, to) > 0) return at;
    } else if (c === newline) {
      return b[at - 1] === 13 && at > from ? at - 1 : at;
    }
  }
  return to;
}

/** `clientid@peername [Module] text`, any of the first two absent. A client id may hold blanks and `@`. */
function parsePrefix(b: Uint8Array, from: number, to: number, spans: Spans): void {
  const reach = Math.min(to, from + 320);
  let at = from;
  for (let i = from; i < reach; i++) {
    if (b[i] !== space) continue;
    const peer = peerStart(b, from, i);
    if (peer < 0) continue;
    spans.set(fieldNo.peername, peer, i);
    if (peer > from + 1) spans.set(fieldNo.clientid, from, peer - 1);
    at = i + 1;
    break;
  }
  if (b[at] !== 91) return;
  for (let i = at + 1; i < Math.min(to, at + 33); i++) {
    if (b[i] === 93) {
      if (i > at + 1) spans.set(fieldNo.tag, at + 1, i);
      return;
    }
    if (!isModuleByte(b[i] as number)) return;
  }
}

const isModuleByte = (c: number): boolean =>
  (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 32 || c === 95 || c === 45;

/** Start of `address:port` that ends at `to` and stands first or behind an `@`; -1 when there is none. */
function peerStart(b: Uint8Array, from: number, to: number): number {
  let at = to - 1;
  while (at >= from && isDigit(b[at] as number)) at--;
  if (at === to - 1 || at <= from || b[at] !== colon) return -1;
  let dots = 0;
  let colons = 0;
  for (at--; at >= from; at--) {
    const c = b[at] as number;
    if (c === 46) dots++;
    else if (c === colon) colons++;
    else if (!isDigit(c) && !((c | 32) >= 97 && (c | 32) <= 102)) break;
  }
  const start = at + 1;
  const address = (dots === 3 && isDigit(b[start] as number)) || colons >= 2;
  return address && (start === from || b[start - 1] === 64) ? start : -1;
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57;
