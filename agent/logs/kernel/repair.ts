import { substitute } from './scan.ts';

/** Puts `substitute` in the place of each byte of from..to that is no valid UTF-8. */
export function repair(from: usize, to: usize): void {
  for (let at = from; at < to; ) {
    if (at + 8 <= to && (load<u64>(at) & 0x8080808080808080) === 0) {
      at += 8;
      continue;
    }
    const size = sequenceAt(at, to);
    if (size === 0) store<u8>(at, substitute);
    at += max(size, 1);
  }
}

/** Length of the UTF-8 sequence at `at`; 0 when there is no valid one. */
function sequenceAt(at: usize, to: usize): usize {
  const c = load<u8>(at);
  if (c < 0x80) return 1;
  const size: usize = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (size === 0 || at + size > to) return 0;
  for (let i: usize = 1; i < size; i++) if ((load<u8>(at + i) & 0xc0) !== 0x80) return 0;
  const second = load<u8>(at, 1);
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((c === 0xe0 && second < 0xa0) || (c === 0xed && second > 0x9f)) return 0;
  if ((c === 0xf0 && second < 0x90) || (c === 0xf4 && second > 0x8f)) return 0;
  return size;
}
