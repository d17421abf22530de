import type { Segment } from './batch.ts';
import type { Generation } from './generation.ts';
import type { Wrap } from './sets.ts';

/**
 * How well the extent of a gap is known. `least`: more may have been written than was ever seen. `most`: a run before
 * this one may have delivered some of it without living to note it. `unknown`: both.
 */
export type Bound = 'exact' | 'least' | 'most' | 'unknown';

/** What was overwritten or deleted before it was read. */
export interface Gap {
  readonly generation: Generation;
  readonly path: string;
  /** Where it begins in the file. */
  readonly from: number;
  readonly bytes: number;
  /** Records, where EMQX's own count of the file tells. */
  readonly records: number | undefined;
  readonly bound: Bound;
  /** Contents of files that it stands for; more than one where gaps were joined. */
  readonly files: number;
}

/** Who a segment of a batch is told to when it is settled. */
export interface Span {
  readonly set: LogSet;
  readonly generation: Generation;
  /** The gap that the record stands for, where it does. */
  readonly gap: Gap | undefined;
  /** The bytes in front of the segment's end, and the set's sequence there. */
  tail: Buffer;
  sequence: number;
  done: boolean;
}

/** Milliseconds for which a deleted file is still watched: whoever has it open may go on writing. */
const deletedGrace = 5000;
/** Gaps that nobody takes: from here on each new one is joined to the one before, so that no outage makes them many. */
const gapLimit = 32;
/** How many first lines of files that are gone a set remembers. */
const lineMemory = 64;

/** One set of files, oldest generation first, and how far it is delivered. */
export class LogSet {
  readonly name: string;
  generations: Generation[] = [];
  wrap: Wrap | undefined;
  /** Number of the next record; of the next one that is not delivered. */
  sequence: number;
  ackedSequence: number;
  /** Gaps that no batch carries yet. */
  readonly gaps: Gap[] = [];
  /** What is lost and reported as such to the index. */
  lost = 0;
  lostBytes = 0;
  /** First lines seen, and how often a file began with each. */
  readonly lines = new Map<string, number>();
  /** Files that are copies of one we read: file id -> that one. */
  readonly copies = new Map<string, Generation>();
  /** Files that cannot be opened, by path, so that each is complained of once. */
  readonly unreadable = new Map<string, string>();
  /** Last number of lines warned of before the wrap; see distance.ts. */
  warned = false;

  private readonly inFlight: Segment<Span>[] = [];

  constructor(name: string, sequence: number) {
    this.name = name;
    this.sequence = sequence;
    this.ackedSequence = sequence;
  }

  /** The generation that is written now, as far as is known. */
  get last(): Generation | undefined {
    return this.generations.at(-1);
  }

  /** Counts a first line; answers how many files began with it before. */
  countLine(fingerprint: string): number {
    const before = this.lines.get(fingerprint);
    const repeat = before === undefined ? 0 : before + 1;
    this.lines.delete(fingerprint);
    this.lines.set(fingerprint, repeat);
    for (const oldest of this.lines.keys()) {
      if (this.lines.size <= Math.max(lineMemory, 2 * this.generations.length)) break;
      this.lines.delete(oldest);
    }
    return repeat;
  }

  /** Declares what is unread of a generation lost. */
  retire(generation: Generation): Gap | undefined {
    generation.retired = true;
    const bytes = generation.unread;
    if (bytes === 0 && generation.final) return undefined;
    const records = generation.items === undefined ? undefined : generation.items - generation.records;
    const known = generation.final && records !== undefined && records >= 0;
    const gap: Gap = {
      generation,
      path: generation.path,
      from: generation.position,
      bytes,
      records: known ? records : undefined,
      bound: generation.isRead ? (generation.final ? 'exact' : 'least') : generation.final ? 'most' : 'unknown',
      files: 1,
    };
    this.gaps.push(gap);
    this.joinGaps();
    return gap;
  }

  /** Makes one of the last two gaps where there are too many; what is still on its way keeps its own place. */
  private joinGaps(): void {
    const [first, second] = this.gaps.slice(-2);
    if (this.gaps.length <= gapLimit || !first || !second) return;
    if ([first, second].some(({ generation }) => generation.acked < generation.position)) return;
    const records =
      first.records === undefined || second.records === undefined ? undefined : first.records + second.records;
    const bytes = first.bytes + second.bytes;
    const files = first.files + second.files;
    this.gaps.splice(-2, 2, { ...first, bytes, records, files, bound: joinedBound(first.bound, second.bound) });
    // From here on the checkpoint remembers the gap itself, and no longer the files.
    const gone = new Set([first.generation, second.generation]);
    this.generations = this.generations.filter((generation) => !gone.has(generation));
  }

  /** The joined gaps that the index does not have yet. */
  get joined(): Gap[] {
    const sent = this.inFlight.flatMap(({ owner }) => owner.gap ?? []);
    return [...sent, ...this.gaps].filter((gap) => gap.files > 1);
  }

  /** The generation to read next, oldest first; a later one waits until all before it are read to their end. */
  next(isStalled: (generation: Generation) => boolean): Generation | undefined {
    for (const generation of this.generations) {
      if (generation.retired || generation.fd === undefined) continue;
      if (generation.unread > 0) return isStalled(generation) ? undefined : generation;
      if (!generation.final && generation.vanishedAt === undefined) return undefined;
    }
    return undefined;
  }

  /** Remembers that a segment is on its way. They come back in any order; positions move in this one. */
  send(segments: readonly Segment<Span>[]): void {
    for (const segment of segments) if (segment.owner.set === this) this.inFlight.push(segment);
  }

  /** Moves positions past everything that is settled without a hole before it. True when one moved. */
  settle(): boolean {
    let moved = false;
    for (let first = this.inFlight[0]; first?.owner.done; first = this.inFlight[0]) {
      this.inFlight.shift();
      moved = true;
      const { generation, gap, tail, sequence } = first.owner;
      this.ackedSequence = sequence;
      if (gap) {
        this.lost += gap.records ?? 0;
        this.lostBytes += gap.bytes;
        continue;
      }
      generation.acked = first.end;
      generation.ackedTail = tail;
      generation.ackedRecords += first.records;
    }
    return moved;
  }

  /** What is lost in all. */
  get losses(): { records: number; bytes: number } {
    const open = [...this.gaps, ...this.inFlight.flatMap(({ owner }) => owner.gap ?? [])];
    return open.reduce((sum, gap) => ({ records: sum.records + (gap.records ?? 0), bytes: sum.bytes + gap.bytes }), {
      records: this.lost,
      bytes: this.lostBytes,
    });
  }

  /** True while records of it are on their way. */
  get isBusy(): boolean {
    return this.inFlight.length > 0;
  }

  /** Lets go of generations that are gone and of which nothing is left to do. `now` is monotonic. */
  forget(now: number): void {
    const waiting = new Set<Generation>([
      ...this.gaps.map((gap) => gap.generation),
      ...this.inFlight.map((segment) => segment.owner.generation),
    ]);
    this.generations = this.generations.filter((generation) => {
      const { vanishedAt } = generation;
      const quiet = vanishedAt !== undefined && now - Math.max(vanishedAt, generation.changedAt) > deletedGrace;
      const gone = generation.retired || (quiet && generation.unread === 0);
      if (!gone || generation.busy || waiting.has(generation)) return true;
      void generation.release();
      return false;
    });
  }
}

/** What can be said of two extents together. */
function joinedBound(first: Bound, second: Bound): Bound {
  if (first === second || second === 'exact') return first;
  return first === 'exact' ? second : 'unknown';
}
