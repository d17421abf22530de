import { constants } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/core/clock.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { Logger } from '../part.ts';
import {
  closeFile,
  type FirstLine,
  Generation,
  hasTail,
  idOf,
  openFile,
  readFirstLine,
  statFile,
} from './generation.ts';
import { type Found, lookAt } from './look.ts';
import type { Gap, LogSet } from './set.ts';
import { chronological, type Family, readWrap } from './sets.ts';

/** Milliseconds after which the index surely names the file that was begun last. */
const indexLagMs = 20;

/** So often a set is looked at anew when it was rotated under our eyes. */
const lookLimit = 5;

/** What a look at a set needs from outside. */
export interface ScanContext {
  readonly directory: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The key of a file's ids. */
  readonly keyOf: (set: LogSet, firstLine: Buffer, repeat: number) => Buffer;
  readonly onGap: (set: LogSet, gap: Gap) => void;
}

/** A file that no known generation owns, opened. */
interface Opened extends Found {
  readonly fd: number;
  readonly line: FirstLine;
}

/**
 * Looks at all files of a set: follows renames, notices truncation, replacement and deletion, takes in what is new, and
 * says what is lost. This and not the watcher is what nothing escapes. True when something changed.
 */
export async function scanSet(set: LogSet, family: Family, context: ScanContext, look = 1): Promise<boolean> {
  const now = context.clock.monotonic();
  const known = new Set([
    ...set.copies.keys(),
    ...set.generations.filter(({ fd }) => fd !== undefined).map(({ id }) => id),
  ]);
  const found = await lookAt(join(context.directory, set.name), family.members, (id) => known.has(id));
  const byId = new Map(found.map((file) => [file.id, file]));
  const replaced: Generation[] = [];
  let changed = false;
  forgetFiles(set, found);

  for (const generation of set.generations) {
    if (generation.retired) continue;
    if (generation.busy) {
      byId.delete(generation.id);
      continue;
    }
    // One from the checkpoint is known again by its content alone: its inode may be another file's by now.
    if (generation.fd === undefined) continue;
    const file = byId.get(generation.id);
    if (file === undefined) {
      if (generation.vanishedAt === undefined) changed = true;
      generation.vanishedAt ??= now;
      generation.see(await statFile(generation.fd), now);
      continue;
    }
    if (await isReplaced(generation, file)) {
      replaced.push(generation);
      continue;
    }
    byId.delete(generation.id);
    const { path, size } = generation;
    generation.vanishedAt = undefined;
    generation.path = file.path;
    generation.number = file.number;
    generation.see(file.stat, now);
    if (generation.path !== path) generation.template = undefined;
    if (generation.size !== size) changed = true;
  }

  const orphans = new Set([...replaced, ...set.generations.filter(isOrphan)]);
  const fresh: Opened[] = [];
  const opened = await openNew(set, [...byId.values()], orphans, context);
  if (opened === undefined) {
    for (const generation of replaced) generation.suspect = true;
    return look < lookLimit ? scanSet(set, family, context, look + 1) : changed;
  }
  for (const file of opened) {
    const owner = await ownerOf(file, orphans, set);
    if (owner === undefined) {
      fresh.push(file);
    } else if (orphans.delete(owner)) {
      await adopt(owner, file, set, context);
      changed = true;
    } else {
      set.copies.set(file.id, owner);
      await closeFile(file.fd);
    }
  }
  for (const generation of orphans) {
    if (replaced.includes(generation)) await giveUp(generation, set, context);
    // What cannot be opened at present may be the one that is missing.
    else if (generation.fd === undefined && set.unreadable.size === 0) await giveUp(generation, set, context);
  }
  // EMQX truncates the next file first and names it in the index 1-2 ms later.
  if (fresh.length > 1) await context.clock.sleep(indexLagMs);
  set.wrap = family.hasIndex ? await readWrap(context.directory, set.name) : undefined;
  for (const file of chronological(fresh, set.wrap)) {
    const repeat = set.countLine(file.line.fingerprint);
    const generation = new Generation(file.path, file.number, file.id, file.line.fingerprint, repeat);
    generation.inherited.micros = Number(file.mtimeNs / 1000n);
    generation.attach(file.fd, file.line.bytes, context.keyOf(set, file.line.bytes, repeat));
    generation.see(await statFile(file.fd), now);
    set.generations.push(generation);
    changed = true;
  }
  await finish(set, now);
  countItems(set);
  set.forget(now);
  return changed || replaced.length > 0;
}

/** What was noted of files that are not there any more. */
function forgetFiles(set: LogSet, found: readonly Found[]): void {
  const ids = new Set(found.map(({ id }) => id));
  const paths = new Set(found.map(({ path }) => path));
  for (const id of set.copies.keys()) if (!ids.has(id)) set.copies.delete(id);
  for (const path of set.unreadable.keys()) if (!paths.has(path)) set.unreadable.delete(path);
}

/** True when the file under a generation's id holds something else than what we began to read. */
async function isReplaced(generation: Generation, file: Found): Promise<boolean> {
  const size = Number(file.stat.size);
  const { fd, position, suspect } = generation;
  generation.suspect = false;
  if (size < position || fd === undefined) return true;
  if (!suspect && size === generation.size && file.stat.mtimeNs === generation.mtimeNs) return false;
  return !generation.hasHead() || !(await hasTail(fd, position, generation.tail));
}

const isOrphan = (generation: Generation): boolean =>
  !generation.retired && !generation.busy && (generation.vanishedAt !== undefined || generation.fd === undefined);

/** Undefined where a path leads to another file by now: in the midst of a rotation nothing can be put in order. */
async function openNew(
  set: LogSet,
  files: readonly Found[],
  orphans: ReadonlySet<Generation>,
  context: ScanContext,
): Promise<Opened[] | undefined> {
  const opened: Opened[] = [];
  const moved = async (fd: number | undefined) => {
    for (const each of [fd ?? [], ...opened.map((before) => before.fd)].flat()) await closeFile(each);
    return undefined;
  };
  for (const file of files) {
    const original = set.copies.get(file.id);
    if (original && !orphans.has(original) && set.generations.includes(original)) continue;
    set.copies.delete(file.id);
    let fd: number | undefined;
    try {
      fd = await openFile(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
      const seen = await statFile(fd);
      if (idOf(seen) !== file.id) return moved(fd);
      const line = seen.isFile() ? await readFirstLine(fd) : undefined;
      set.unreadable.delete(file.path);
      if (line === undefined) {
        await closeFile(fd);
        continue;
      }
      opened.push({ ...file, stat: seen, mtimeNs: seen.mtimeNs, fd, line });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return moved(fd);
      if (fd !== undefined) await closeFile(fd).catch(() => undefined);
      if (set.unreadable.has(file.path)) continue;
      set.unreadable.set(file.path, reasonOf(error));
      context.logger.warn('cannot read a log file', { path: file.path, reason: reasonOf(error) });
    }
  }
  return opened;
}

/** The generation whose content a new file carries on: moved, restored, or copied before it was truncated. */
async function ownerOf(file: Opened, orphans: ReadonlySet<Generation>, set: LogSet): Promise<Generation | undefined> {
  const size = Number(file.stat.size);
  for (const generation of new Set([...orphans, ...set.generations])) {
    if (generation.retired || generation.fingerprint !== file.line.fingerprint || size < generation.position) continue;
    if (await hasTail(file.fd, generation.position, generation.tail)) return generation;
  }
  return undefined;
}

async function adopt(generation: Generation, file: Opened, set: LogSet, context: ScanContext): Promise<void> {
  await generation.release();
  generation.id = file.id;
  generation.path = file.path;
  generation.number = file.number;
  generation.vanishedAt = undefined;
  generation.suspect = false;
  if (generation.inherited.micros === 0) generation.inherited.micros = Number(file.mtimeNs / 1000n);
  generation.attach(file.fd, file.line.bytes, context.keyOf(set, file.line.bytes, generation.repeat));
  generation.see(file.stat, context.clock.monotonic());
}

async function giveUp(generation: Generation, set: LogSet, context: ScanContext): Promise<void> {
  await generation.release();
  const gap = set.retire(generation);
  if (gap) context.onGap(set, gap);
}

/** Everything but the last one is finished: its size is taken once more, for it was looked at before the next began. */
async function finish(set: LogSet, now: number): Promise<void> {
  for (const generation of set.generations) {
    if (generation === set.last || generation.final || generation.retired || generation.busy) continue;
    if (generation.fd === undefined) continue;
    const seen = await statFile(generation.fd);
    if (generation.hasHead()) {
      generation.see(seen, now);
      generation.final = true;
    } else {
      generation.suspect = true;
    }
  }
}

/** Takes EMQX's own count of finished files; the index gets it 1-2 ms after the next file was begun. */
function countItems(set: LogSet): void {
  const { wrap } = set;
  for (const generation of set.generations) {
    const { number } = generation;
    if (!wrap || !generation.final || generation.retired || number === undefined || number === wrap.current) continue;
    generation.items ??= wrap.counts[number - 1];
  }
}
