import {
  baseSlot,
  bodyAt,
  bodyFull,
  bodyLimit,
  countSlot,
  customAt,
  customMicrosSlot,
  customSizeSlot,
  endSlot,
  endsAt,
  finalFlag,
  flagsSlot,
  fromSlot,
  invalidFlag,
  lengthSlot,
  limitSlot,
  needsTime,
  overheadSlot,
  quietFlag,
  recordsLimit,
  startSlot,
  toSlot,
  usedUp,
} from '../layout.ts';
import { repair } from './repair.ts';
import * as record from './split.ts';
import { place, setPlace, setSlot, slot, wideSlot } from './state.ts';
import { countSequence, writeDocument } from './write.ts';

/** Makes documents of the bytes in the input until these are used up, the body is full, or a time must be read. */
export function run(): i32 {
  const flags = slot(flagsSlot);
  const base = wideSlot(baseSlot);
  const limit = slot(limitSlot);
  const overhead = slot(overheadSlot);
  let length = slot(lengthSlot);
  let count = slot(countSlot);
  let reason = usedUp;
  let done = place(fromSlot);
  record.beginSplit(done, place(toSlot), (flags & finalFlag) !== 0, (flags & quietFlag) !== 0);
  for (;;) {
    if (!record.step()) {
      done = record.next;
      break;
    }
    if (count > 0) {
      // Each byte can become six, and once more in a field.
      const most = length + 12 * <i32>(record.end - record.start) + overhead;
      if (length >= limit || most > bodyLimit || count === recordsLimit) {
        reason = bodyFull;
        break;
      }
    }
    const customTo = record.head.customTo;
    if (customTo !== 0 && record.head.timeTo === 0 && !isKnownTime(record.start, customTo)) {
      setPlace(startSlot, record.start);
      setPlace(endSlot, customTo);
      reason = needsTime;
      break;
    }
    if (flags & invalidFlag) repair(record.start, record.end);
    const offset = base + <i64>record.start;
    length = <i32>(writeDocument(bodyAt + <usize>length, offset, wideSlot(customMicrosSlot)) - bodyAt);
    store<i32>(endsAt + <usize>count * 4, length);
    count++;
    countSequence();
    setPlace(startSlot, record.start);
    setPlace(endSlot, record.end);
    done = record.next;
  }
  setPlace(fromSlot, done);
  setSlot(lengthSlot, length);
  setSlot(countSlot, count);
  return reason;
}

/** True when the time that was asked for last is the one of this text. */
function isKnownTime(from: usize, to: usize): bool {
  const size = to - from;
  if (place(customSizeSlot) !== size) return false;
  for (let i: usize = 0; i < size; i++) if (load<u8>(from + i) !== load<u8>(customAt + i)) return false;
  return true;
}
