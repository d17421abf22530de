import { lineLimit, recordLimit } from '../layout.ts';
import { Head, readHead, text } from './head.ts';
import { find, newline } from './scan.ts';

const carriageReturn: u8 = 13;

/** Two of them: what was read ahead for one record is the next one's. */
const heads = memory.data(64);
let other: Head = changetype<Head>(heads + 32);
/** Where the line begins whose head `other` holds already; 0 when there is none. */
let aheadAt: usize = 0;

/** The record found last: how it begins, first byte, end without line break, first byte of the next one. */
export let head: Head = changetype<Head>(heads);
export let start: usize = 0;
export let end: usize = 0;
export let next: usize = 0;
/** More of the line followed than a record may have. */
export let cut: bool = false;
/** The record has line breaks inside. */
export let multiline: bool = false;

let last: usize = 0;
let isFinal: bool = false;
let isQuiet: bool = false;

/** Takes the bytes from..to. */
export function beginSplit(from: usize, to: usize, final: bool, quiet: bool): void {
  next = from;
  last = to;
  isFinal = final;
  isQuiet = quiet;
  aheadAt = 0;
}

/**
 * Steps to the next record: one line, or a line with time and level and the lines behind it that have none
 * (`single_line=false`). False when the bytes hold no further complete one. The cut depends on nothing but the bytes and
 * on `quiet`, so that a read from the same offset makes the same records again.
 */
export function step(): bool {
  let lineEnd = endOfLine(next);
  // Empty lines in front belong to nobody.
  while (lineEnd !== 0 && isEmpty(next, lineEnd)) {
    next = min(last, lineEnd + 1);
    lineEnd = endOfLine(next);
  }
  if (lineEnd === 0) return false;
  start = next;
  if (aheadAt === start) {
    const known = other;
    other = head;
    head = known;
  } else {
    readHead(start, lineEnd, head);
  }
  aheadAt = 0;
  const firstEnd = lineEnd;
  if (head.kind === text) {
    lineEnd = continuation(lineEnd);
    if (lineEnd === 0) return false;
  }
  multiline = lineEnd > firstEnd;
  next = min(last, lineEnd + 1);
  cut = lineEnd - start > recordLimit;
  end = cut ? wholeCharacters(start + recordLimit) : lineEnd;
  while (end > start && isBreak(load<u8>(end - 1))) end--;
  return true;
}

/** End of the last line that belongs to the record which begins at `start`; 0 while that cannot be told yet. */
function continuation(firstEnd: usize): usize {
  let found = firstEnd;
  for (let lines = 1; lines < lineLimit; lines++) {
    const at = min(last, found + 1);
    if (at >= last) return isQuiet || isFinal ? found : 0;
    const lineEnd = endOfLine(at);
    if (lineEnd === 0) {
      if (at - start > recordLimit || last - at > recordLimit) return found;
      return isQuiet ? found : 0;
    }
    if (lineEnd - start > recordLimit) return found;
    if (readHead(at, lineEnd, other)) {
      aheadAt = at;
      return found;
    }
    found = lineEnd;
  }
  return found;
}

function isEmpty(from: usize, lineEnd: usize): bool {
  return lineEnd === from || (lineEnd === from + 1 && load<u8>(from) === carriageReturn);
}

/** Place of the line break of the line that begins at `from`; of an unfinished one 0, or its end if all is read. */
function endOfLine(from: usize): usize {
  if (from >= last) return 0;
  const at = find(newline, from, last);
  return at < last || isFinal ? at : 0;
}

/** Steps back from the middle of a UTF-8 character to its beginning. */
function wholeCharacters(to: usize): usize {
  let at = to;
  while (at > to - 4 && (load<u8>(at) & 0xc0) === 0x80) at--;
  return at;
}

function isBreak(c: u8): bool {
  return c === newline || c === carriageReturn;
}
