import { isUtf8 } from 'node:buffer';
import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Batch } from './batch.ts';
import { countSequence, DocumentWriter, writeSequence } from './document.ts';
import { type Generation, tailSize } from './generation.ts';
import type { Masks } from './redact.ts';
import type { LogSet, Span } from './set.ts';
import { chunkSize, recordLimit } from './slab.ts';
import { type Reach, Splitter } from './splitter.ts';
import type { Template } from './template.ts';

/** How a read went. `stalled`: no complete record yet. `changed`: the file is not what we began to read. */
export type ReadResult = 'records' | 'full' | 'stalled' | 'changed';

/** How much of an over-long line is searched for its end in one go. */
const searchStep = 4 * 1024 * 1024;
const readAt = promisify(read);
const unfinished: Reach = { final: false, quiet: false };

/** Turns the unread bytes of a file into documents of a batch. One for the whole shipper. */
export class Reader {
  private readonly writer = new DocumentWriter();
  private readonly splitter = new Splitter();

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
    const count = await file.read(b, slab.inputAt, chunkSize);
    if (count <= 0 || file.retired) return 'changed';
    const before = file.tail.length;
    // What has no break and no successor is whole where the file ends, never where a full chunk happens to end.
    const goesOn = before + count === chunkSize && file.position + count < file.size;
    const reach = goesOn ? unfinished : wanted;
    const from = slab.inputAt + before;
    const long = file.longEnd > 0;
    const to = long ? Math.min(from + count, from + recordLimit + 1) : from + count;
    const base = file.position - from;
    // Masks and substitutes are put into the bytes; what is remembered of the file must be what stands there.
    const raw = b.subarray(slab.inputAt, to);
    const lines = b.subarray(from, long || reach.final ? to : b.lastIndexOf(10, to - 1) + 1);
    const isValid = isUtf8(lines);
    const kept = isValid && !masks ? raw : Buffer.from(raw);
    masks?.apply(b, from, to);

    const { splitter, writer } = this;
    writer.load(slab, from, to);
    splitter.load(b, from, to, long ? { final: true, quiet: true } : reach);
    if (slab.template !== template) {
      slab.install(template, template.bytes);
      writeSequence(slab, template, set.sequence);
    }
    const overhead = template.bytes.length + 1024;
    let owner: Span | undefined;
    let done = from;
    let result: ReadResult = 'records';
    while (splitter.step()) {
      if (batch.isFullFor(splitter.end - splitter.start, overhead, limit)) {
        result = 'full';
        break;
      }
      if (!isValid) splitter.repair();
      const offset = base + splitter.start;
      const end = writer.write(slab, batch.length, template, splitter, offset, file.inherited);
      owner ??= ownerIn(batch, set, file);
      batch.close(end, owner, base + splitter.next);
      countSequence(slab, template);
      set.sequence++;
      file.records++;
      done = splitter.next;
    }
    if (result === 'records') done = splitter.next;
    writer.settle(slab, file.inherited);
    if (done === from) return result === 'full' ? result : this.stall(file, count + before === chunkSize, wanted);
    if (long) file.jump();
    else file.advance(base + done, kept, before);
    if (owner) {
      owner.tail = file.tail;
      owner.sequence = set.sequence;
      const last = batch.segments.at(-1);
      if (last) last.end = file.position;
    } else if (!set.isBusy && batch.segments.every((segment) => segment.owner.set !== set)) {
      // Nothing but empty lines, and nothing before them under way.
      file.acked = file.position;
      file.ackedTail = file.tail;
    }
    return result;
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
