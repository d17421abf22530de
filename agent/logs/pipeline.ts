import { join } from 'node:path';
import { reasonOf } from '../../src/core/errors.ts';
import { Batch } from './batch.ts';
import { CheckpointFile } from './checkpoint.ts';
import type { Delivery } from './deliver.ts';
import { isNearWrap, oldestUnread } from './distance.ts';
import { extentOf, gapDocument } from './gaps.ts';
import type { Generation } from './generation.ts';
import { Reader } from './reader.ts';
import type { Reach } from './records.ts';
import { Masks } from './redact.ts';
import { scanSet } from './scan.ts';
import { type Gap, LogSet, type Span } from './set.ts';
import { isWanted, listSets, setOf } from './sets.ts';
import { SlabPool } from './slab.ts';
import { fileKey, type Origin, Template } from './template.ts';
import type { LogDeps, LogSettings } from './types.ts';
import { Wake } from './wake.ts';
import { type Watcher, watchDirectory } from './watch.ts';

const inFlightLimit = 2;
/** A record waits no longer for others in its batch; this long only, while nothing else is there to be read. */
const lingerMs = 1000;
const idleLingerMs = 200;
/** The directory is looked at so often: while something moves, after a while without, and so much longer per file. */
const pollMs = 250;
const quietPollMs = 1000;
const pollPerFileMs = 1;
const quietAfterMs = 10_000;
/** More files are not watched: the watcher looks at all of them when one has moved, and what it saves is less than that. */
const watchLimit = 200;
/** Hints of the watcher are gathered for this long. */
const hintMs = 20;
/** The last record of a file waits so long for further lines of its own. */
const holdMs = 500;
/** A finished file's last line without a break is taken as it is after this time without a change. */
const tornMs = 1000;
/** The checkpoint is written at once when there is news for it, but not more often than this. */
const checkpointMs = 500;

/** One run of the engine with one set of settings: looks, reads, sends, and remembers how far it came. */
export class Pipeline {
  readonly sets = new Map<string, LogSet>();
  /** Why the directory cannot be read, for the status. */
  trouble: string | undefined;
  readonly checkpoint: CheckpointFile;

  private settings: LogSettings;
  private readonly deps: LogDeps;
  private readonly delivery: Delivery;
  private readonly masks: Masks | undefined;
  private readonly reader = new Reader();
  private readonly pool = new SlabPool(inFlightLimit + 1);
  private readonly ended = new AbortController();
  private readonly work: Wake;
  private readonly look: Wake;
  private readonly room: Wake;
  private readonly news: Wake;
  private loops: Promise<unknown>[] = [];
  private stopping = false;
  private batch: Batch<Span> | undefined;
  private inFlight = 0;
  /** Names of sets of which something moved since the last look. */
  private readonly moved = new Set<string>();
  private files = 0;
  private lastChange: number;
  private turn = 0;
  private isDirty = false;

  constructor(settings: LogSettings, deps: LogDeps, delivery: Delivery) {
    this.settings = settings;
    this.deps = deps;
    this.delivery = delivery;
    this.masks = Masks.from(settings.redact, deps.logger);
    this.checkpoint = new CheckpointFile(join(deps.stateDirectory, 'checkpoint.json'), settings.directory, deps.logger);
    this.work = new Wake(deps.clock);
    this.look = new Wake(deps.clock);
    this.room = new Wake(deps.clock);
    this.news = new Wake(deps.clock);
    this.lastChange = deps.clock.monotonic();
  }

  async start(): Promise<void> {
    for (const set of await this.checkpoint.load()) this.sets.set(set.name, set);
    this.loops = [this.lookAround(), this.pump(), this.keepCheckpoint()];
  }

  /** The node's name is known later than the rest; it goes into the documents from then on. */
  rename(settings: LogSettings): void {
    this.settings = settings;
    for (const set of this.sets.values()) for (const file of set.generations) file.template = undefined;
  }

  /** Sends what was read, waits for the answers as long as there is time, and remembers. */
  async stop(graceMs: number): Promise<void> {
    const { clock } = this.deps;
    const deadline = clock.monotonic() + graceMs;
    this.stopping = true;
    for (const wake of [this.work, this.look, this.room, this.news]) wake.poke();
    while (this.inFlight > 0 || this.batch) {
      if (clock.monotonic() >= deadline) break;
      await clock.sleep(20);
    }
    this.ended.abort(new Error('the log shipper stops'));
    await Promise.allSettled(this.loops);
    await this.checkpoint.save(this.sets.values());
    for (const set of this.sets.values()) for (const file of set.generations) await file.release();
  }

  private async lookAround(): Promise<void> {
    const { clock, logger } = this.deps;
    const { signal } = this.ended;
    let watcher: Watcher | undefined;
    let lastFull = Number.NEGATIVE_INFINITY;
    const due = () => {
      const isQuiet = clock.monotonic() - this.lastChange > quietAfterMs;
      return lastFull + (isQuiet ? quietPollMs : pollMs) + this.files * pollPerFileMs - clock.monotonic();
    };
    while (!this.stopping) {
      const isFull = due() <= 0;
      const moved = new Set(this.moved);
      this.moved.clear();
      await this.scan(isFull ? undefined : moved);
      if (isFull) lastFull = clock.monotonic();
      if (this.files > watchLimit) {
        await watcher?.close();
        watcher = undefined;
      } else {
        watcher ??= await watchDirectory(this.settings.directory, (name) => this.hint(name), logger).catch(
          () => undefined,
        );
      }
      await this.look.wait(Math.max(0, due()), signal);
      await clock.sleep(hintMs, signal).catch(() => undefined);
    }
    await watcher?.close();
  }

  /** Looks soon at the set of a file that moved. */
  private hint(name: string): void {
    const set = setOf(name);
    if (set === undefined) return;
    this.moved.add(set);
    this.look.poke();
  }

  /** Looks at all sets, or at those named: of a thousand files mostly a few are written at a time. */
  private async scan(only?: ReadonlySet<string>): Promise<void> {
    const { clock, logger } = this.deps;
    const { directory, include, exclude } = this.settings;
    try {
      const found = await listSets(directory, include, exclude);
      this.files = [...found.values()].reduce((sum, { members }) => sum + members.length, 0);
      for (const name of new Set([...found.keys(), ...this.sets.keys()])) {
        if (this.stopping) return;
        if (only && !only.has(name)) continue;
        // One that is not wanted any more keeps its place in the checkpoint, should it be wanted again.
        if (!isWanted(name, include, exclude)) continue;
        const family = found.get(name) ?? { members: [], hasIndex: false };
        const set = this.sets.get(name) ?? new LogSet(name, clock.now() * 1000);
        this.sets.set(name, set);
        const changed = await scanSet(set, family, {
          directory,
          logger,
          clock,
          keyOf: (of, line, repeat) => fileKey(this.originOf(of, ''), line, repeat),
          onGap: (of, gap) => this.reportGap(of, gap),
        });
        if (changed) {
          this.lastChange = clock.monotonic();
          this.isDirty = true;
          // Written before anything of it is delivered: what is known to be there can be missed.
          this.news.poke();
        }
        this.warnOfWrap(set);
        if (set.generations.length === 0 && !set.isBusy && set.gaps.length === 0) this.sets.delete(name);
      }
      if (this.trouble !== undefined) logger.info('the log directory can be read again', { directory });
      this.trouble = undefined;
    } catch (error) {
      const reason = `cannot read the log directory ${directory}: ${reasonOf(error)}`;
      if (this.trouble !== reason) logger.warn(reason);
      this.trouble = reason;
    }
    this.work.poke();
  }

  private reportGap(set: LogSet, gap: Gap): void {
    this.deps.logger.error('log records were overwritten or deleted before they could be read', {
      set: set.name,
      path: gap.path,
      from: gap.from,
      lost: extentOf(gap),
    });
  }

  private warnOfWrap(set: LogSet): void {
    const isNear = isNearWrap(set);
    if (isNear && !set.warned) {
      this.deps.logger.warn('EMQX is about to overwrite log records that are not delivered yet', {
        set: set.name,
        path: oldestUnread(set)?.path,
      });
    }
    set.warned = isNear;
  }

  private async pump(): Promise<void> {
    const { clock } = this.deps;
    while (!this.ended.signal.aborted) {
      const set = this.stopping ? undefined : this.pick();
      if (set && (await this.readFrom(set))) continue;
      const { batch } = this;
      const age = batch ? clock.monotonic() - batch.since : 0;
      const linger = this.stopping ? 0 : this.inFlight > 0 ? lingerMs : idleLingerMs;
      if (batch && age >= linger) await this.dispatch();
      else if (this.stopping) return;
      else await this.work.wait(Math.min(batch ? linger - age : quietPollMs, this.untilWhole()), this.ended.signal);
      if (clock.monotonic() - this.lastChange > quietAfterMs) this.pool.trim();
    }
  }

  /** The next set with something to do, each in its turn. */
  private pick(): LogSet | undefined {
    const sets = [...this.sets.values()];
    for (let i = 0; i < sets.length; i++) {
      const index = (this.turn + i) % sets.length;
      const set = sets[index] as LogSet;
      if (set.gaps.length === 0 && !set.next((file) => this.isStalled(file))) continue;
      this.turn = index + 1;
      return set;
    }
    return undefined;
  }

  private reachOf(file: Generation): Reach {
    const quiet = this.deps.clock.monotonic() - file.changedAt;
    const isFinished = file.final || file.vanishedAt !== undefined;
    return { final: isFinished && quiet >= tornMs, quiet: isFinished || quiet >= holdMs };
  }

  /** Milliseconds until what stands at the end of some file is taken as a whole record, at most `quietPollMs`. */
  private untilWhole(): number {
    const now = this.deps.clock.monotonic();
    let least = quietPollMs;
    for (const set of this.sets.values()) {
      const file = set.next(() => false);
      if (!file || file.suspect) continue;
      const quiet = now - file.changedAt;
      for (const limit of [holdMs, tornMs]) if (quiet < limit) least = Math.min(least, limit - quiet);
    }
    return Math.ceil(least);
  }

  private isStalled(file: Generation): boolean {
    return file.suspect || (file.stalledAt === file.size && file.stalledReach === weight(this.reachOf(file)));
  }

  /** Puts one chunk of a set, or its gaps, into the batch. False when nothing came of it. */
  private async readFrom(set: LogSet): Promise<boolean> {
    const batch = await this.openBatch();
    if (!batch) return false;
    if (set.gaps.length > 0) {
      if (!this.writeGap(batch, set)) await this.dispatch();
      return true;
    }
    const file = set.next((each) => this.isStalled(each));
    if (!file) return false;
    file.template ??= new Template(this.originOf(set, file.path), file.key);
    const reach = this.reachOf(file);
    const { size } = file;
    file.busy = true;
    const result = await this.reader
      .fill(batch, set, file, file.template, reach, this.delivery.limit, this.masks)
      .catch((error: unknown) => {
        this.deps.logger.warn('cannot read a log file', { path: file.path, reason: reasonOf(error) });
        return 'changed' as const;
      });
    file.busy = false;
    if (result === 'full') await this.dispatch();
    if (result === 'stalled') {
      file.stalledAt = size;
      file.stalledReach = weight(reach);
    }
    if (result === 'changed') file.suspect = true;
    if (file.suspect) this.hint(set.name);
    return result !== 'changed';
  }

  /** Puts the next gap's document into the batch; false when there is no room for it. */
  private writeGap(batch: Batch<Span>, set: LogSet): boolean {
    const gap = set.gaps[0];
    if (!gap) return true;
    const document = gapDocument(gap, set, this.originOf(set, gap.path), this.deps.clock.now());
    const { generation } = gap;
    const sequence = set.sequence + 1;
    const owner: Span = { set, generation, gap, tail: generation.tail, sequence, done: false };
    if (!batch.append(document, owner, gap.from)) return false;
    set.sequence = sequence;
    set.gaps.shift();
    return true;
  }

  /** The batch under construction. Waits while all memory is in flight: a slow sink stops the reading. */
  private async openBatch(): Promise<Batch<Span> | undefined> {
    const { clock } = this.deps;
    if (this.batch && this.batch.length >= this.delivery.limit) await this.dispatch();
    while (!this.batch) {
      const slab = this.pool.take();
      if (slab) this.batch = new Batch(slab, clock.monotonic());
      else if (this.stopping || this.ended.signal.aborted) return undefined;
      else await this.room.wait(quietPollMs, this.ended.signal);
    }
    return this.batch;
  }

  /** Hands the batch over to delivery as soon as one of the places in flight is free. */
  private async dispatch(): Promise<void> {
    while (this.inFlight >= inFlightLimit && !this.ended.signal.aborted) {
      await this.room.wait(quietPollMs, this.ended.signal);
    }
    const { batch } = this;
    if (!batch || this.ended.signal.aborted) return;
    this.batch = undefined;
    if (batch.count === 0) {
      this.pool.give(batch.slab);
      return;
    }
    this.inFlight++;
    const sets = new Set(batch.segments.map((segment) => segment.owner.set));
    for (const set of sets) set.send(batch.segments);
    void this.delivery
      .send(batch, this.ended.signal)
      .then(() => {
        for (const segment of batch.segments) segment.owner.done = true;
        for (const set of sets) if (set.settle()) this.isDirty = true;
        this.news.poke();
      })
      .catch((error: unknown) => {
        if (!this.ended.signal.aborted) this.deps.logger.error('a batch of logs failed', { reason: reasonOf(error) });
      })
      .finally(() => {
        this.inFlight--;
        this.pool.give(batch.slab);
        this.room.poke();
        this.work.poke();
      });
  }

  private async keepCheckpoint(): Promise<void> {
    const { clock } = this.deps;
    while (!this.stopping) {
      await this.news.wait(checkpointMs * 4, this.ended.signal);
      if (!this.isDirty && this.checkpoint.trouble === undefined) continue;
      this.isDirty = false;
      await this.checkpoint.save(this.sets.values());
      await clock.sleep(checkpointMs, this.ended.signal).catch(() => undefined);
    }
  }

  private originOf(set: LogSet, path: string): Origin {
    const { clusterId, agentId, agentVersion, nodeName, fields } = this.settings;
    return { clusterId, agentId, agentVersion, nodeName, set: set.name, path, fields };
  }
}

const weight = (reach: Reach): number => (reach.final ? 2 : 0) + (reach.quiet ? 1 : 0);
