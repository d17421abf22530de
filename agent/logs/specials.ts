import type { Slab } from './slab.ts';

/** A byte that stands for one which is no UTF-8: ASCII's own "substitute", written out as U+FFFD. */
export const substitute = 0x1a;

const none = Number.MAX_SAFE_INTEGER;

/**
 * Knows where in a chunk the next byte stands that JSON wants escaped, so that a record without one is copied in one
 * piece. Quotes and backslashes are found natively; control bytes four at a time.
 */
export class Specials {
  private bytes: Buffer = Buffer.alloc(0);
  private words: Uint32Array = new Uint32Array(0);
  private to = 0;
  private quote = 0;
  private backslash = 0;
  private control = 0;

  /** Takes the bytes up to `to`; questions must then ask from left to right. */
  load(bytes: Buffer, from: number, to: number): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      // A slab is a buffer of its own, so its words are aligned.
      this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    }
    this.to = to;
    this.quote = this.find(34, from);
    this.backslash = this.find(92, from);
    this.control = this.findControl(from);
  }

  /** True when nothing in `from..to` must be escaped. Line breaks count as such. */
  isClean(from: number, to: number): boolean {
    if (this.quote < from) this.quote = this.find(34, from);
    if (this.quote < to) return false;
    if (this.backslash < from) this.backslash = this.find(92, from);
    if (this.backslash < to) return false;
    if (this.control < from) this.control = this.findControl(from);
    return this.control >= to;
  }

  private find(byte: number, from: number): number {
    const at = this.bytes.indexOf(byte, from);
    return at < 0 || at >= this.to ? none : at;
  }

  /** The next byte below a blank other than a line feed. Line feeds inside a record are asked for by `multiline`. */
  private findControl(from: number): number {
    const { bytes, words, to } = this;
    let at = from;
    while (at < to && (at & 3) !== 0) {
      if (isControl(bytes[at] as number)) return at;
      at++;
    }
    const last = to >> 2;
    for (let word = at >> 2; word < last; word++) {
      const w = words[word] as number;
      // Sets the top bit of each byte that is below 0x20.
      if (((w - 0x20202020) & ~w & 0x80808080) === 0) continue;
      const base = word << 2;
      for (let i = base; i < base + 4; i++) if (isControl(bytes[i] as number)) return i;
    }
    for (at = Math.max(at, last << 2); at < to; at++) if (isControl(bytes[at] as number)) return at;
    return none;
  }
}

const isControl = (c: number): boolean => c < 32 && c !== 10;

/** 0: as it is; otherwise the letter behind the backslash, `u` for all that have none of their own. */
const escapes = new Uint8Array(256);
for (let c = 0; c < 32; c++) escapes[c] = 117;
for (const [byte, letter] of [
  [34, 34],
  [92, 92],
  [8, 98],
  [9, 116],
  [10, 110],
  [12, 102],
  [13, 114],
] as const) {
  escapes[byte] = letter;
}

const hex = Buffer.from('0123456789abcdef');

/** Copies `from..to` inside a slab to `at` as the inside of a JSON string; answers the end. */
export function copyEscaped(slab: Slab, at: number, from: number, to: number): number {
  const b = slab.bytes;
  let out = at;
  let run = from;
  for (let i = from; i < to; i++) {
    const c = b[i] as number;
    const letter = escapes[c] as number;
    if (letter === 0) continue;
    out = slab.move(out, run, i);
    run = i + 1;
    b[out++] = 92;
    b[out++] = letter;
    if (letter !== 117) continue;
    if (c === substitute) {
      b[out++] = 102;
      b[out++] = 102;
      b[out++] = 102;
      b[out++] = 100;
    } else {
      b[out++] = 48;
      b[out++] = 48;
      b[out++] = hex[c >> 4] as number;
      b[out++] = hex[c & 15] as number;
    }
  }
  return slab.move(out, run, to);
}

/** Puts `substitute` in the place of each byte of `from..to` that is no valid UTF-8. */
export function substituteInvalid(b: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const size = sequenceAt(b, at, to);
    if (size === 0) b[at] = substitute;
    at += size || 1;
  }
}

/** Length of the UTF-8 sequence at `at`; 0 when there is no valid one. */
function sequenceAt(b: Uint8Array, at: number, to: number): number {
  const c = b[at] as number;
  if (c < 0x80) return 1;
  const size = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (size === 0 || at + size > to) return 0;
  for (let i = 1; i < size; i++) if (((b[at + i] as number) & 0xc0) !== 0x80) return 0;
  const second = b[at + 1] as number;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((c === 0xe0 && second < 0xa0) || (c === 0xed && second > 0x9f)) return 0;
  if ((c === 0xf0 && second < 0x90) || (c === 0xf4 && second > 0x8f)) return 0;
  return size;
}
