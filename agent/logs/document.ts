import { JsonLine } from './parse-json.ts';
import { parseText } from './parse-text.ts';
import type { Slab } from './slab.ts';
import { emqxFields, Spans } from './spans.ts';
import { copyEscaped, Specials } from './specials.ts';
import type { Splitter } from './splitter.ts';
import { type Part, sequenceDigits, type Template } from './template.ts';

const info = 1;
/** A value under `emqx.` is cut at this many bytes: it is for filtering, the whole stands in the message. */
const valueLimit = 512;
const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
/** In a message made from a JSON line so many of `emqxFields` come first, as in a text line; then the rest. */
const leading = emqxFields.indexOf('pid');

/** Time and level of the record before, for lines that have none. One for each file. */
export class Inherited {
  level = info;
  /** Microseconds since the epoch. */
  micros: number;
  /** Where the time stands among the bytes of load number `load`, as long as these are there. */
  load = 0;
  from = 0;
  to = 0;

  constructor(micros: number) {
    this.micros = micros;
  }
}

/** Writes documents of a bulk body. One for the whole shipper: everything it needs is made once. */
export class DocumentWriter {
  private readonly specials = new Specials();
  private readonly spans = new Spans();
  private readonly json = new JsonLine();
  private readonly second = Buffer.alloc(20);
  private secondOf = Number.NaN;
  private loads = 0;

  /** Must be called when new bytes lie in the slab, before the first of their records is written. */
  load(slab: Slab, from: number, to: number): void {
    this.specials.load(slab.bytes, from, to);
    this.loads++;
  }

  /** Must be called before the loaded bytes go away, so that a continuation in the next ones finds its time. */
  settle(slab: Slab, inherited: Inherited): void {
    if (inherited.load !== this.loads) return;
    const ms = Date.parse(slab.bytes.toString('latin1', inherited.from, inherited.to));
    if (!Number.isNaN(ms)) inherited.micros = ms * 1000;
    inherited.load = 0;
  }

  /**
   * Writes the splitter's present record at `at` and answers the end. `template` must be installed in the slab.
   * `offset` is the record's place in its file; the sequence is the one in the installed template.
   */
  write(slab: Slab, at: number, template: Template, record: Splitter, offset: number, inherited: Inherited): number {
    const b = slab.bytes;
    const base = slab.templateAt;
    const { head, start, end } = record;
    const { json, spans } = this;
    const isObject = head.kind === 'json' && json.parse(b, start, end);
    const time = head.kind === 'json' ? json : head;
    const level = time.level >= 0 ? time.level : head.kind === 'bare' ? inherited.level : info;
    inherited.level = level;
    if (time.timeTo > time.timeFrom) {
      inherited.load = this.loads;
      inherited.from = time.timeFrom;
      inherited.to = time.timeTo;
    } else if (time.micros > 0) {
      inherited.load = 0;
      inherited.micros = time.micros;
    }

    let out = slab.move(at, base + template.head.from, base + template.head.to);
    writeOffsetId(b, at + 31, template.keyBits, offset);
    if (inherited.load === this.loads) {
      out = slab.move(out, inherited.from, inherited.to);
    } else {
      out = this.writeTime(b, out, inherited.micros);
    }
    const middle = template.middle[level] as Part;
    out = slab.move(out, base + middle.from, base + middle.to);

    let raw = true;
    if (isObject) {
      out = this.writeMembers(slab, out);
    } else {
      const from = head.kind === 'text' ? head.rest : start;
      const clean = !record.multiline && !record.repaired && this.specials.isClean(from, end);
      out = clean ? slab.move(out, from, end) : copyEscaped(slab, out, from, end);
      spans.found = 0;
      if (head.kind === 'text') parseText(b, from, end, record.multiline, spans);
      raw = clean;
    }
    out = slab.move(out, base + template.tail.from, base + template.tail.to);
    out = writeNumber(b, out, offset);
    if (isObject) out = this.writeJsonFields(slab, out, template);
    else if (spans.found !== 0) out = this.writeFields(slab, out, template, raw);
    if (record.cut) out = slab.move(out, base + template.truncated.from, base + template.truncated.to);
    b[out++] = 125;
    b[out++] = 10;
    return out;
  }

  private writeFields(slab: Slab, at: number, template: Template, raw: boolean): number {
    const b = slab.bytes;
    const base = slab.templateAt;
    const { spans } = this;
    let out = at;
    for (let field = 0; field < emqxFields.length; field++) {
      if ((spans.found & (1 << field)) === 0) continue;
      const label = template.labels[field] as Part;
      out = slab.move(out, base + label.from, base + label.to);
      const from = spans.from[field] as number;
      const to = cutAt(b, from, spans.to[field] as number);
      out = raw ? slab.move(out, from, to) : copyEscaped(slab, out, from, to);
      b[out++] = 34;
    }
    return out;
  }

  private writeJsonFields(slab: Slab, at: number, template: Template): number {
    const b = slab.bytes;
    const base = slab.templateAt;
    const { json } = this;
    let out = at;
    let done = 0;
    for (let i = 0; i < json.count; i++) {
      const field = json.field[i] as number;
      if (field < 0 || done & (1 << field)) continue;
      done |= 1 << field;
      const label = template.labels[field] as Part;
      out = slab.move(out, base + label.from, base + label.to);
      const from = json.valueFrom[i] as number;
      const whole = json.valueTo[i] as number;
      if (!json.isString[i]) out = copyEscaped(slab, out, from, cutAt(b, from, whole));
      else out = slab.move(out, from, cutEscapedAt(b, from, whole));
      b[out++] = 34;
    }
    return out;
  }

  /** `key: value, key: value`, as EMQX's text formatter would have written the object. */
  private writeMembers(slab: Slab, at: number): number {
    const { json } = this;
    let out = at;
    for (let field = 0; field < leading; field++) {
      for (let i = 0; i < json.count; i++) if (json.field[i] === field) out = this.writeMember(slab, out, at, i);
    }
    for (let i = 0; i < json.count; i++) {
      const field = json.field[i] as number;
      if (field === -1 || field >= leading) out = this.writeMember(slab, out, at, i);
    }
    return out;
  }

  private writeMember(slab: Slab, at: number, first: number, i: number): number {
    const b = slab.bytes;
    const { json } = this;
    let out = at;
    if (out !== first) {
      b[out++] = 44;
      b[out++] = 32;
    }
    out = slab.move(out, json.keyFrom[i] as number, json.keyTo[i] as number);
    b[out++] = 58;
    b[out++] = 32;
    const from = json.valueFrom[i] as number;
    const to = json.valueTo[i] as number;
    return json.isString[i] ? slab.move(out, from, to) : copyEscaped(slab, out, from, to);
  }

  /** Writes `2024-05-20T08:11:22.123456Z`. */
  private writeTime(b: Buffer, at: number, micros: number): number {
    const second = Math.floor(micros / 1_000_000);
    if (second !== this.secondOf) {
      this.secondOf = second;
      this.second.write(new Date(second * 1000).toISOString().slice(0, 19), 'latin1');
    }
    for (let i = 0; i < 19; i++) b[at + i] = this.second[i] as number;
    b[at + 19] = 46;
    let rest = micros - second * 1_000_000;
    for (let i = 25; i > 19; i--) {
      b[at + i] = 48 + (rest % 10);
      rest = (rest / 10) | 0;
    }
    b[at + 26] = 90;
    return at + 27;
  }
}

/** The last nine characters of an id: two bits of the file's hash, then 48 of the offset. */
function writeOffsetId(b: Buffer, at: number, keyBits: number, offset: number): void {
  const high = (offset / 0x1_0000_0000) | 0;
  const low = offset >>> 0;
  b[at] = alphabet[(keyBits << 4) | (high >>> 12)] as number;
  b[at + 1] = alphabet[(high >>> 6) & 63] as number;
  b[at + 2] = alphabet[high & 63] as number;
  b[at + 3] = alphabet[low >>> 26] as number;
  b[at + 4] = alphabet[(low >>> 20) & 63] as number;
  b[at + 5] = alphabet[(low >>> 14) & 63] as number;
  b[at + 6] = alphabet[(low >>> 8) & 63] as number;
  b[at + 7] = alphabet[(low >>> 2) & 63] as number;
  b[at + 8] = alphabet[(low & 3) << 4] as number;
}

/** Writes an integer of at most 48 bits in decimal. */
function writeNumber(b: Buffer, at: number, value: number): number {
  let high = value >= 1e9 ? Math.floor(value / 1e9) : 0;
  let low = (value - high * 1e9) | 0;
  if (high > 0) {
    const from = writeNumber(b, at, high);
    for (let i = from + 8; i >= from; i--) {
      b[i] = 48 + (low % 10);
      low = (low / 10) | 0;
    }
    return from + 9;
  }
  high = low;
  let size = 1;
  while (high >= 10) {
    high = (high / 10) | 0;
    size++;
  }
  for (let i = at + size - 1; i >= at; i--) {
    b[i] = 48 + (low % 10);
    low = (low / 10) | 0;
  }
  return at + size;
}

/** End of a value that is not too long, on the border of a character. */
function cutAt(b: Uint8Array, from: number, to: number): number {
  if (to - from <= valueLimit) return to;
  let end = from + valueLimit;
  while (end > from && ((b[end] as number) & 0xc0) === 0x80) end--;
  return end;
}

/** The same for the inside of a JSON string: an escape is not cut in two. */
function cutEscapedAt(b: Uint8Array, from: number, to: number): number {
  const end = cutAt(b, from, to);
  if (end === to) return to;
  let at = from;
  while (at < end) {
    const size = b[at] !== 92 ? 1 : b[at + 1] !== 117 ? 2 : isHighSurrogate(b, at + 2) ? 12 : 6;
    if (at + size > end) return at;
    at += size;
  }
  return at;
}

/** `D8xx` to `DBxx`: the first half of a character that two escapes write. */
const isHighSurrogate = (b: Uint8Array, at: number): boolean =>
  ((b[at] as number) | 32) === 100 &&
  ((b[at + 1] as number) === 56 || (b[at + 1] as number) === 57 || isAorB(b[at + 1] as number));
const isAorB = (c: number): boolean => (c | 32) === 97 || (c | 32) === 98;

/** Puts a sequence's digits into an installed template. */
export function writeSequence(slab: Slab, template: Template, sequence: number): void {
  slab.bytes.write(String(sequence).padStart(sequenceDigits, '0'), slab.templateAt + template.sequenceAt, 'latin1');
}

/** Counts an installed sequence up by one, in place: carrying digits costs less than writing sixteen. */
export function countSequence(slab: Slab, template: Template): void {
  const b = slab.bytes;
  let at = slab.templateAt + template.sequenceAt + sequenceDigits - 1;
  while (b[at] === 57) b[at--] = 48;
  b[at] = (b[at] as number) + 1;
}
