import { isUtf8 } from 'node:buffer';
import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Batch } from './batch.ts';
import { type Generation, tailSize } from './generation.ts';
import { chunkSize, inputAt, recordLimit } from './layout.ts';
import { makeRecords, type Reach } from './records.ts';
import type { Masks } from './redact.ts';
import type { LogSet, Span } from './set.ts';
import type { Template } from './template.ts';

/** How a read went. `stalled`: no complete record yet. `changed`: the file is not what we began to read. */
export type ReadResult = 'records' | 'full' | 'stalled' | 'changed';

/** How much of an over-long line is searched for its end in one go. */
const searchStep = 4 * 1024 * 1024;
const readAt = promisify(read);
const unfinished: Reach = { final: false, quiet: false };
const wholeLine: Reach = { final: true, quiet: true };

/** Turns the unread bytes of a file into documents of a batch. */
export class Reader {
  /** Reads one chunk. A position moves past whole records only, so nothing is kept between two reads. */
  async fill(
    batch: Batch<Span>,
    set: LogSet,
    file: Generation,
    template: Template,
    wanted: Reach,
    limit: number,
    masks: Masks | undefined,
  ): Promise<ReadResult> {
    const { slab } = batch;
    const b = slab.bytes;
    const count = await file.read(b, inputAt, chunkSize);
    if (count <= 0 || file.retired) return 'changed';
    const isChunk = file.tail.length + count === chunkSize;
    // What has no break and no successor is whole where the file ends, never where a full chunk happens to end.
    const goesOn = isChunk && file.position + count < file.size;
    const reach = goesOn ? unfinished : wanted;
    const from = inputAt + file.tail.length;
    const long = file.longEnd > 0;
    const to = long ? Math.min(from + count, from + recordLimit + 1) : from + count;
    // Masks and substitutes are put into the bytes; what is remembered of the file must be what stands there.
    const raw = b.subarray(inputAt, to);
    const lines = b.subarray(from, long || reach.final ? to : b.lastIndexOf(10, to - 1) + 1);
    const wasValid = isUtf8(lines);
    const kept = wasValid && !masks ? raw : Buffer.from(raw);
    masks?.apply(b, from, to);

    slab.install(template, set.sequence);
    const { length, count: before } = batch;
    const made = makeRecords(
      {
        slab,
        from,
        to,
        ...(long ? wholeLine : reach),
        // A mask may end in the middle of a character.
        isValid: masks ? isUtf8(lines) : wasValid,
        base: file.position - from,
        length,
        count: before,
        limit,
        overhead: template.bytes.length + 1024,
      },
      file.inherited,
    );
    const records = made.count - before;
    if (made.next === from) return made.isFull ? 'full' : this.stall(file, isChunk, wanted);
    set.sequence += records;
    file.records += records;
    const owner = records > 0 ? ownerIn(batch, set, file) : undefined;
    if (long) file.jump();
    else file.advance(file.position + made.next - from, kept, from - inputAt);
    if (owner) {
      batch.close(made.length, made.count, owner, file.position);
      owner.tail = file.tail;
      owner.sequence = set.sequence;
    } else if (!set.isBusy && batch.segments.every((segment) => segment.owner.set !== set)) {
      // Nothing but empty lines, and nothing before them under way.
      file.acked = file.position;
      file.ackedTail = file.tail;
    }
    return made.isFull ? 'full' : 'records';
  }

  /** No record in the whole chunk: the line is unfinished, or longer than a record may be. */
  private async stall(file: Generation, isFull: boolean, reach: Reach): Promise<ReadResult> {
    if (!isFull) return 'stalled';
    const piece = Buffer.allocUnsafe(256 * 1024);
    let at = Math.max(file.searchedTo, file.position + recordLimit);
    const stop = at + searchStep;
    while (at < stop && file.fd !== undefined) {
      const { bytesRead } = await readAt(file.fd, piece, 0, piece.length, at);
      const found = piece.subarray(0, bytesRead).indexOf(10);
      if (found >= 0) at += found + 1;
      else at += bytesRead;
      file.searchedTo = at;
      if (found < 0 && bytesRead > 0) continue;
      if (found < 0 && !reach.final) return 'stalled';
      const tail = Buffer.alloc(tailSize);
      await readAt(file.fd, tail, 0, tailSize, at - tailSize);
      file.longEnd = at;
      file.longTail = tail;
      break;
    }
    return 'records';
  }
}

/** The owner of a batch's last segment when it is this file, or a new one. */
function ownerIn(batch: Batch<Span>, set: LogSet, generation: Generation): Span {
  const last = batch.segments.at(-1)?.owner;
  if (last && last.generation === generation && !last.gap) return last;
  return { set, generation, gap: undefined, tail: generation.tail, sequence: set.sequence, done: false };
}
