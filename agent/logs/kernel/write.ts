import {
  headPart,
  keyBitsSlot,
  labelParts,
  levelSlot,
  microsSlot,
  middleParts,
  sequenceSlot,
  tailPart,
  timeFromSlot,
  timeToSlot,
  truncatedPart,
} from '../layout.ts';
import * as heads from './head.ts';
import * as object from './json.ts';
import { writeNumber, writeOffsetId, writeTime } from './numbers.ts';
import { backslash, copy, copyEscaped, quote } from './scan.ts';
import * as record from './split.ts';
import { place, setPlace, setSlot, setWideSlot, slot, wideSlot } from './state.ts';
import * as fields from './text.ts';

const info: i32 = 1;
/** A value under `emqx.` is cut at this many bytes: it is for filtering, the whole stands in the message. */
const valueLimit: usize = 512;
/** Where in the first part of a document the offset's share of its id begins. */
const idAt: usize = 31;

/**
 * Writes the document of the splitter's present record at `at` and answers the end. `offset` is the record's place in
 * its file, `customMicros` its time when that stands in the operator's own format.
 */
export function writeDocument(at: usize, offset: u64, customMicros: i64): usize {
  const head = record.head;
  const isJson = head.kind === heads.json;
  const isObject = isJson && object.parseJson(record.start, record.end);
  const named = isJson ? object.level : head.level;
  const level = named >= 0 ? named : head.kind === heads.bare ? slot(levelSlot) : info;
  setSlot(levelSlot, level);
  inheritTime(head, isJson, customMicros);

  let out = copyPart(at, headPart);
  writeOffsetId(at + idAt, slot(keyBitsSlot), offset);
  const timeTo = place(timeToSlot);
  if (timeTo !== 0) out = copy(out, place(timeFromSlot), timeTo);
  else out = writeTime(out, wideSlot(microsSlot));
  out = copyPart(out, middleParts + level * 2);
  if (isObject) {
    out = writeMembers(out);
  } else {
    const isText = head.kind === heads.text;
    const from = isText ? head.rest : record.start;
    out = copyEscaped(out, from, record.end);
    if (isText) fields.parseText(from, record.end, record.multiline);
    else fields.clearFields();
  }
  out = copyPart(out, tailPart);
  out = writeNumber(out, offset);
  out = isObject ? writeObjectFields(out) : writeFields(out);
  if (record.cut) out = copyPart(out, truncatedPart);
  store<u16>(out, 0x0a7d);
  return out + 2;
}

/** Keeps the record's time for itself and for those behind it that have none. */
function inheritTime(head: heads.Head, isJson: bool, customMicros: i64): void {
  const timeFrom = isJson ? object.timeFrom : head.timeFrom;
  if (timeFrom !== 0) {
    setPlace(timeFromSlot, timeFrom);
    setPlace(timeToSlot, isJson ? object.timeTo : head.timeTo);
    return;
  }
  const micros = isJson ? object.micros : head.customTo !== 0 ? customMicros : head.micros;
  if (micros <= 0) return;
  setPlace(timeToSlot, 0);
  setWideSlot(microsSlot, micros);
}

function copyPart(at: usize, part: i32): usize {
  return copy(at, place(part), place(part + 1));
}

function writeFields(at: usize): usize {
  let out = at;
  for (let left = fields.found; left !== 0; left &= left - 1) {
    const field = ctz(left);
    out = copyPart(out, labelParts + field * 2);
    const from = fields.fieldFrom(field);
    out = copyEscaped(out, from, cutAt(from, fields.fieldTo(field)));
    store<u8>(out++, quote);
  }
  return out;
}

function writeObjectFields(at: usize): usize {
  let out = at;
  if (object.seen === 0) return out;
  for (let i = 0; i < object.count; i++) {
    const entry = object.member(i);
    if (entry.field < 0 || object.firstOf(entry.field) !== i) continue;
    out = copyPart(out, labelParts + entry.field * 2);
    const from = entry.valueFrom;
    if (entry.isString) out = copy(out, from, cutEscapedAt(from, entry.valueTo));
    else out = copyEscaped(out, from, cutAt(from, entry.valueTo));
    store<u8>(out++, quote);
  }
  return out;
}

/**
 * `key: value, key: value`, as EMQX's text formatter would have written the object: the fields that stand first in a
 * text line, then the rest.
 */
function writeMembers(at: usize): usize {
  let out = at;
  for (let field = 0; field < fields.pidField; field++) {
    if ((object.seen & (1 << field)) === 0) continue;
    const first = object.firstOf(field);
    out = writeMember(out, at, object.member(first));
    if ((object.doubled & (1 << field)) === 0) continue;
    for (let i = first + 1; i < object.count; i++) {
      const entry = object.member(i);
      if (entry.field === field) out = writeMember(out, at, entry);
    }
  }
  for (let i = 0; i < object.count; i++) {
    const entry = object.member(i);
    if (entry.field === -1 || entry.field >= fields.pidField) out = writeMember(out, at, entry);
  }
  return out;
}

function writeMember(at: usize, first: usize, entry: object.Member): usize {
  let out = at;
  if (out !== first) {
    store<u16>(out, 0x202c);
    out += 2;
  }
  out = copy(out, entry.keyFrom, entry.keyTo);
  store<u16>(out, 0x203a);
  out += 2;

  // Only objects and lists have quotes inside.
  const isPlain = entry.isString || load<u8>(entry.valueFrom) < 91;
  if (isPlain) return copy(out, entry.valueFrom, entry.valueTo);
  return copyEscaped(out, entry.valueFrom, entry.valueTo);
}

/** End of a value that is not too long, on the border of a character. */
function cutAt(from: usize, to: usize): usize {
  if (to - from <= valueLimit) return to;
  let end = from + valueLimit;
  while (end > from && (load<u8>(end) & 0xc0) === 0x80) end--;
  return end;
}

/** The same for the inside of a JSON string: an escape is not cut in two. */
function cutEscapedAt(from: usize, to: usize): usize {
  const end = cutAt(from, to);
  if (end === to) return to;
  let at = from;
  while (at < end) {
    let size: usize = 1;
    if (load<u8>(at) === backslash) size = load<u8>(at, 1) !== 117 ? 2 : isHighSurrogate(at + 2) ? 12 : 6;
    if (at + size > end) return at;
    at += size;
  }
  return at;
}

/** `D8xx` to `DBxx`: the first half of a character that two escapes write. */
function isHighSurrogate(at: usize): bool {
  if ((load<u8>(at) | 32) !== 100) return false;
  const second = load<u8>(at, 1) | 32;
  return second === 56 || second === 57 || second === 97 || second === 98;
}

/** Counts the sequence in the template up by one, in place: carrying digits costs less than writing sixteen. */
export function countSequence(): void {
  let at = place(sequenceSlot);
  while (load<u8>(at) === 57) store<u8>(at--, 48);
  store<u8>(at, load<u8>(at) + 1);
}
