/**
 * Where what lies in a slab's memory, for the kernel (AssemblyScript) and for those who fill and empty it (TypeScript):
 * both compile this file. Between the regions lie bytes that nobody writes; the tests look at them.
 */

/** A bulk body is closed before it passes this many bytes. */
export const bodyLimit = 5 * 1024 * 1024;
/** How much of a file one read takes. */
export const chunkSize: usize = 512 * 1024;
/** A record is cut at this many bytes. Less than a chunk, so that each record fits into one read. */
export const recordLimit: usize = 256 * 1024;
/** A record is closed after this many lines, so that a report without end cannot grow without end. */
export const lineLimit = 1000;
/** The constant parts of a file's documents. */
export const templateSize: usize = 64 * 1024;
/** Records that one body can hold. */
export const recordsLimit = 32 * 1024;
/** Members of a JSON line that are read; with more of them it is taken as text. */
export const memberLimit = 64;
/** Bytes of one entry of the member table. */
export const memberSize: usize = 24;
/** Bytes at the most in which a time of the operator's own format stands. */
export const customReach: usize = 64;

/** Nobody writes here. A read in steps of up to 64 bytes may pass the end of its region and still is inside memory. */
export const guardSize: usize = 128;

/** Numbers of 32 bits that go to and fro; see `Slot`. Below lies what the compiler puts into memory. */
export const stateAt: usize = 8 * 1024;
export const stateSize: usize = 512;
export const customAt: usize = stateAt + stateSize;
export const membersAt: usize = customAt + customReach + guardSize;
export const bodyAt: usize = membersAt + memberSize * memberLimit + guardSize;
export const templateAt: usize = bodyAt + bodyLimit + guardSize;
export const inputAt: usize = templateAt + templateSize + guardSize;
export const endsAt: usize = inputAt + chunkSize + guardSize;
export const memoryEnd: usize = endsAt + recordsLimit * 4 + guardSize;
/** In units of 64 KiB. */
export const memoryPages = (memoryEnd + 0xffff) >> 16;

/** Why the kernel came back: all input is used, the next record belongs into another body, a time must be read. */
export const usedUp = 0;
export const bodyFull = 1;
export const needsTime = 2;

/** Numbers of the slots in the state region. Those at the front are 64-bit floats and count as such. */
export const baseSlot = 0;
export const microsSlot = 1;
export const customMicrosSlot = 2;

/** Input: first byte that is not read yet, end, and what is known of them (`finalFlag` and so on). */
export const fromSlot = 8;
export const toSlot = 9;
export const flagsSlot = 10;
export const limitSlot = 11;
export const overheadSlot = 12;
/** Body: bytes and records. */
export const lengthSlot = 13;
export const countSlot = 14;
/** Level of the record before, and the place of its time in the input; 0 when that is in `microsSlot`. */
export const levelSlot = 15;
export const timeFromSlot = 16;
export const timeToSlot = 17;
/** The record made last, or the time that is wanted: first byte, end. */
export const startSlot = 18;
export const endSlot = 19;
/** Bytes of the text that `customMicrosSlot` is the time of, from `customAt` on. */
export const customSizeSlot = 20;
/** Template: pairs of places, from and to. */
export const sequenceSlot = 21;
export const keyBitsSlot = 22;
export const headPart = 24;
export const tailPart = 26;
export const truncatedPart = 28;
/** One for each level, and one for each of the named fields. */
export const middleParts = 30;
export const labelParts = 46;

/** Nothing follows in the file any more: an unfinished last line is a record too. */
export const finalFlag = 1;
/** The file has been quiet for long enough: the last record has no more lines to come. */
export const quietFlag = 2;
/** There are bytes which are no UTF-8. */
export const invalidFlag = 4;
