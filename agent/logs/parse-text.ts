import type { Spans } from './spans.ts';
import { emqxFields } from './spans.ts';
import { viewOf } from './words.ts';

const space = 32;
const comma = 44;
const colon = 58;
const newline = 10;

const fieldNo = { tag: 0, clientid: 1, peername: 3 } as const;

/**
 * Finds the values EMQX names in the text behind time and level, of v5 and of v4 (contract: emqx.md C4, C5). With
 * `isMultiline` a value may also end with its line.
 */
export function parseText(b: Buffer, from: number, to: number, isMultiline: boolean, spans: Spans): void {
  spans.found = 0;
  let at = from;
  while (at < to && b[at] === space) at++;
  if (!parsePairs(b, at, to, isMultiline, spans)) parsePrefix(b, from, to, spans);
}

/** `key: value, key: value`: the known keys that stand in front, whatever their order. False when there is none. */
function parsePairs(b: Buffer, from: number, to: number, isMultiline: boolean, spans: Spans): boolean {
  const view = viewOf(b);
  let key = knownKeyAt(b, view, from, to);
  let at = from;
  while (key >= 0) {
    const value = at + (keyNames[key] as Buffer).length;
    const lineEnd = isMultiline ? lineEndAt(b, value, to) : to;
    // A value ends where the next `, key: ` begins; it may hold commas and colons of its own.
    let end = value;
    const field = key;
    for (;;) {
      end = b.indexOf(comma, end);
      if (end < 0 || end >= lineEnd) {
        end = lineEnd;
        at = lineEnd + 1;
        while (at < to && b[at] === space) at++;
        key = knownKeyAt(b, view, at, to);
        break;
      }
      at = end + 2;
      key = b[end + 1] === space ? knownKeyAt(b, view, at, to) : -1;
      // Behind a key that is not ours the event's own report begins.
      if (key >= 0 || (b[end + 1] === space && isKeyAt(b, at, to))) break;
      end++;
    }
    if (field < emqxFields.length) spans.set(field, value, end > value && b[end - 1] === 13 ? end - 1 : end);
  }
  return spans.found !== 0;
}

/** The keys by field, and behind them `tns`, the namespace, which stands among them but is no field of ours. */
const keyNames = [...emqxFields, 'tns'].map((name) => Buffer.from(`${name}: `));
/** No two of them begin with the same four bytes. */
const keyWords = Int32Array.from(keyNames, (name) => name.readInt32LE(0));

/** Number of the known key that stands at `at` with its colon and blank, or -1. */
function knownKeyAt(b: Uint8Array, view: DataView, at: number, to: number): number {
  if (at + 5 > to) return -1;
  const key = keyWords.indexOf(view.getInt32(at, true));
  if (key < 0) return -1;
  const name = keyNames[key] as Buffer;
  if (at + name.length > to) return -1;
  for (let i = 4; i < name.length; i++) if (b[at + i] !== name[i]) return -1;
  return key;
}

function lineEndAt(b: Buffer, from: number, to: number): number {
  const end = b.indexOf(newline, from);
  return end < 0 || end > to ? to : end;
}

/** True when any `key: ` stands at `at`. */
function isKeyAt(b: Uint8Array, at: number, to: number): boolean {
  let end = at;
  while (end < to && keyBytes[b[end] as number] === 1) end++;
  return end > at && end + 1 < to && b[end] === colon && b[end + 1] === space;
}

const keyBytes = new Uint8Array(256);
for (const c of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789_')) keyBytes[c] = 1;

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
