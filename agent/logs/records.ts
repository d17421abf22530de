import {
  baseSlot,
  bodyFull,
  countSlot,
  customAt,
  customMicrosSlot,
  customSizeSlot,
  endSlot,
  finalFlag,
  flagsSlot,
  fromSlot,
  invalidFlag,
  lengthSlot,
  levelSlot,
  limitSlot,
  microsSlot,
  needsTime,
  overheadSlot,
  quietFlag,
  startSlot,
  timeFromSlot,
  timeToSlot,
  toSlot,
} from './layout.ts';
import { parseLocalTime } from './local-time.ts';
import type { Slab } from './slab.ts';

/** What else must be known about bytes that are to become records. */
export interface Reach {
  /** Nothing follows these bytes in the file any more: an unfinished last line is a record too. */
  readonly final: boolean;
  /** The file has been quiet for long enough: the last record has no more lines to come. */
  readonly quiet: boolean;
}

/** Time and level of the record before, for lines that have none. One for each file. */
export interface Inherited {
  /** Number in `levels`. */
  level: number;
  /** Microseconds since the epoch. */
  micros: number;
}

/** Bytes in a slab that are to become documents of its body. */
export interface Input extends Reach {
  readonly slab: Slab;
  /** Places in the slab. */
  readonly from: number;
  readonly to: number;
  /** All of it is UTF-8. */
  readonly isValid: boolean;
  /** The file's offset of place 0. */
  readonly base: number;
  /** Bytes and records that are in the body already. */
  readonly length: number;
  readonly count: number;
  /** The body is full when it has so many bytes, or when a document with `overhead` bytes of its own might not fit. */
  readonly limit: number;
  readonly overhead: number;
}

/** What became of an input. */
export interface Made {
  /** Of the body, with what was in it before. */
  readonly length: number;
  readonly count: number;
  /** Place behind the last record and the empty lines behind it. */
  readonly next: number;
  /** The next record belongs into another body. */
  readonly isFull: boolean;
}

/** Runs the kernel over an input. `inherited` is that of the record before, and afterwards that of the last one. */
export function makeRecords(input: Input, inherited: Inherited): Made {
  const { slab } = input;
  const { slots, wideSlots } = slab;
  slots[fromSlot] = input.from;
  slots[toSlot] = input.to;
  slots[flagsSlot] = (input.final ? finalFlag : 0) | (input.quiet ? quietFlag : 0) | (input.isValid ? 0 : invalidFlag);
  slots[limitSlot] = input.limit;
  slots[overheadSlot] = input.overhead;
  slots[lengthSlot] = input.length;
  slots[countSlot] = input.count;
  slots[levelSlot] = inherited.level;
  slots[timeFromSlot] = slots[timeToSlot] = 0;
  wideSlots[baseSlot] = input.base;
  wideSlots[microsSlot] = withinYears(inherited.micros);

  let reason = slab.kernel.run();
  for (; reason === needsTime; reason = slab.kernel.run()) tellTime(slab);

  inherited.level = slots[levelSlot] as number;
  const time = slab.bytes.toString('latin1', slots[timeFromSlot], slots[timeToSlot]);
  const ms = time === '' ? Number.NaN : Date.parse(time);
  inherited.micros = Number.isNaN(ms) ? (wideSlots[microsSlot] as number) : ms * 1000;
  return {
    length: slots[lengthSlot] as number,
    count: slots[countSlot] as number,
    next: slots[fromSlot] as number,
    isFull: reason === bodyFull,
  };
}

/** Reads the time at which the kernel stopped, and leaves it with the text for the lines that carry the same. */
function tellTime({ bytes, slots, wideSlots }: Slab): void {
  const from = slots[startSlot] as number;
  const to = slots[endSlot] as number;
  bytes.copyWithin(customAt, from, to);
  slots[customSizeSlot] = to - from;
  wideSlots[customMicrosSlot] = withinYears(parseLocalTime(bytes.toString('latin1', from, to)) ?? 0);
}

const firstMicros = Date.parse('0000-01-01T00:00:00Z') * 1000;
const lastMicros = Date.parse('9999-12-31T23:59:59Z') * 1000;

/** RFC 3339 has years of four digits. */
const withinYears = (micros: number): number => Math.min(lastMicros, Math.max(firstMicros, micros));
