/**
 * Finding and copying bytes 16 at a time, or 8 where a processor cannot do 16: the one difference between the two
 * builds. A step may read past the end it is given, and a copy may write up to 32 bytes past what it copies: a
 * body is written from front to back, and its last bytes stay free.
 */

export const newline: u8 = 10;
export const quote: u8 = 34;
export const backslash: u8 = 92;

const ones: u64 = 0x0101010101010101;
const tops: u64 = 0x8080808080808080;

/** Sets the top bit of each byte that is zero; above the lowest one there may be more. */
function zeros(word: u64): u64 {
  return (word - ones) & ~word & tops;
}

/** Place of the first `byte` in from..to, or `to`. */
export function find(byte: u8, from: usize, to: usize): usize {
  let at = from;
  if (ASC_FEATURE_SIMD) {
    const wanted = i8x16.splat(byte);
    for (; at + 64 <= to; at += 64) {
      const a = i8x16.eq(v128.load(at), wanted);
      const b = i8x16.eq(v128.load(at, 16), wanted);
      const c = i8x16.eq(v128.load(at, 32), wanted);
      const d = i8x16.eq(v128.load(at, 48), wanted);
      if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
      return at + <usize>ctz(join(a, b, c, d));
    }
    for (; at < to; at += 16) {
      const mask = i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
      if (mask !== 0) return min(at + <usize>ctz(mask), to);
    }
    return to;
  }
  const wanted = ones * <u64>byte;
  for (; at < to; at += 8) {
    const found = zeros(load<u64>(at) ^ wanted);
    if (found !== 0) return min(at + <usize>(ctz(found) >> 3), to);
  }
  return to;
}

/**
 * Looks for many places in a few bytes: marks a block of 64 at once and remembers it, since the next question is mostly
 * about the same one. `forget` must be called when bytes may have changed.
 */
let blockAt: usize = 0;
let blockMarks: u64 = 0;

export function forget(): void {
  blockAt = 0;
}

/** Place of the first byte in from..to that JSON wants escaped inside a string, or `to`. */
export function findSpecial(from: usize, to: usize): usize {
  if (ASC_FEATURE_SIMD) {
    for (let at = from; at < to; at = blockAt + 64) {
      if (at - blockAt >= 64) {
        blockAt = at;
        blockMarks = join(
          specialMarks(v128.load(at)),
          specialMarks(v128.load(at, 16)),
          specialMarks(v128.load(at, 32)),
          specialMarks(v128.load(at, 48)),
        );
      }
      const marks = blockMarks >> (at - blockAt);
      if (marks !== 0) return min(at + <usize>ctz(marks), to);
    }
    return to;
  }
  for (let at = from; at < to; at += 8) {
    const marks = specialsOf(load<u64>(at));
    if (marks !== 0) return min(at + <usize>(ctz(marks) >> 3), to);
  }
  return to;
}

/** Place of the first comma in from..to behind which a blank stands, or `to`. Not to be mixed with `findSpecial`. */
export function findComma(from: usize, to: usize): usize {
  if (ASC_FEATURE_SIMD) {
    for (let at = from; at < to; at = blockAt + 64) {
      if (at - blockAt >= 64) {
        blockAt = at;
        blockMarks = join(commaMarks(at), commaMarks(at + 16), commaMarks(at + 32), commaMarks(at + 48));
      }
      const marks = blockMarks >> (at - blockAt);
      if (marks !== 0) return min(at + <usize>ctz(marks), to);
    }
    return to;
  }
  let at = find(comma, from, to);
  while (at < to && load<u8>(at, 1) !== blank) at = find(comma, at + 1, to);
  return at;
}

const comma: u8 = 44;
const blank: u8 = 32;

function commaMarks(at: usize): v128 {
  const commas = i8x16.eq(v128.load(at), i8x16.splat(comma));
  return v128.and(commas, i8x16.eq(v128.load(at, 1), i8x16.splat(blank)));
}

/** Marks the bytes that JSON wants escaped: quotes, backslashes, control bytes. */
function specialMarks(bytes: v128): v128 {
  const marks = v128.or(i8x16.eq(bytes, i8x16.splat(quote)), i8x16.eq(bytes, i8x16.splat(backslash)));
  return v128.or(marks, i8x16.le_u(bytes, i8x16.splat(31)));
}

/** The same for eight bytes, in their top bits; above the lowest mark there may be wrong ones. */
function specialsOf(word: u64): u64 {
  const control = (word - ones * 32) & ~word & tops;
  return zeros(word ^ (ones * <u64>quote)) | zeros(word ^ (ones * <u64>backslash)) | control;
}

/** One bit for each byte of four vectors. */
function join(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u64>(<u32>i8x16.bitmask(a) | ((<u32>i8x16.bitmask(b)) << 16));
  const high = <u64>(<u32>i8x16.bitmask(c) | ((<u32>i8x16.bitmask(d)) << 16));
  return low | (high << 32);
}

/** Copies from..to to `at`, which lies before it; answers the end. */
export function copy(at: usize, from: usize, to: usize): usize {
  const end = at + (to - from);
  for (let out = at; out < end; out += 32, from += 32) {
    if (ASC_FEATURE_SIMD) {
      v128.store(out, v128.load(from));
      v128.store(out, v128.load(from, 16), 16);
    } else {
      store<u64>(out, load<u64>(from));
      store<u64>(out, load<u64>(from, 8), 8);
      store<u64>(out, load<u64>(from, 16), 16);
      store<u64>(out, load<u64>(from, 24), 24);
    }
  }
  return end;
}

/** Copies from..to to `at` as the inside of a JSON string; answers the end. */
export function copyEscaped(at: usize, from: usize, to: usize): usize {
  while (from < to) {
    if (ASC_FEATURE_SIMD) {
      const a = v128.load(from);
      const b = v128.load(from, 16);
      v128.store(at, a);
      v128.store(at, b, 16);
      const marksA = specialMarks(a);
      const marksB = specialMarks(b);
      const end = from + 32;
      if (v128.any_true(v128.or(marksA, marksB))) {
        let marks = <u32>i8x16.bitmask(marksA) | ((<u32>i8x16.bitmask(marksB)) << 16);
        for (; marks !== 0; marks &= marks - 1) {
          const next = end - 32 + <usize>ctz(marks);
          if (next >= to) break;
          at = writeEscape(at + (next - from), load<u8>(next));
          from = next + 1;
          v128.store(at, v128.load(from));
          v128.store(at, v128.load(from, 16), 16);
        }
      }
      if (end >= to) return at + (to - from);
      at += end - from;
      from = end;
    } else {
      const word = load<u64>(from);
      store<u64>(at, word);
      const marks = specialsOf(word);
      const size: usize = marks === 0 ? 8 : <usize>(ctz(marks) >> 3);
      if (from + size >= to) return at + (to - from);
      at += size;
      from += size;
      if (marks !== 0) at = writeEscape(at, load<u8>(from++));
    }
  }
  return at;
}

/** A byte that stands for one which is no UTF-8: ASCII's own "substitute", written out as U+FFFD. */
export const substitute: u8 = 0x1a;

/** By control byte: the letter behind the backslash, `u` for all that have none of their own. */
const letters = memory.data<u8>([
  117, 117, 117, 117, 117, 117, 117, 117, 98, 116, 110, 117, 102, 114, 117, 117, 117, 117, 117, 117, 117, 117, 117, 117,
  117, 117, 117, 117, 117, 117, 117, 117,
]);

/** Writes the escape of one byte at `at`; answers the end. */
function writeEscape(at: usize, c: u8): usize {
  store<u16>(at, <u16>backslash | ((<u16>c) << 8));
  if (c >= 32) return at + 2;
  const letter = load<u8>(letters + <usize>c);
  store<u8>(at, letter, 1);
  if (letter !== 117) return at + 2;
  // `fffd` or `00` and two digits, lowest byte first.
  const high: u32 = <u32>(c >> 4) + 48;
  const low: u32 = <u32>(c & 15);
  const digits: u32 = 0x3030 | (high << 16) | ((low < 10 ? low + 48 : low + 87) << 24);
  store<u32>(at, c === substitute ? 0x64666666 : digits, 2);
  return at + 6;
}

export function isDigit(c: u8): bool {
  return <u8>(c - 48) < 10;
}
