import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { levels } from '../../src/core/levels.ts';

/** A name in the log directory that belongs to a set: `emqx.log.3` is number 3 of `emqx.log`. */
export interface Member {
  readonly path: string;
  /** Undefined for a file without a number. */
  readonly number: number | undefined;
}

/** What EMQX keeps beside the files of a wrapping set (contract: emqx.md C3). */
export interface Wrap {
  /** Number of the file that is being written. */
  readonly current: number;
  /** Bytes of one file and number of files; undefined while EMQX is stopped, for `.siz` goes away then. */
  readonly fileBytes: number | undefined;
  readonly files: number | undefined;
  /** Records of each finished file, by number; the current file's count is stale. */
  readonly counts: readonly number[];
}

const namePattern = /^(.+\.log)(?:\.(\d{1,6}|idx))?$/;
const neverByDefault = new Set(['erlang.log', 'run_erl.log', ...levels.map((level) => `${level}.log`)]);

/** The set that a name in the log directory belongs to; undefined where it is none of a log. */
export const setOf = (name: string): string | undefined => namePattern.exec(name)?.[1];

/** True when a set is to be shipped: by default all but consoles and v4's files by level, which repeat `emqx.log`. */
export function isWanted(set: string, include: readonly string[], exclude: readonly string[]): boolean {
  if (exclude.some((pattern) => matches(set, pattern))) return false;
  if (include.length > 0) return include.some((pattern) => matches(set, pattern));
  return !neverByDefault.has(set);
}

function matches(name: string, pattern: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(name);
}

/** What a directory holds of one set. */
export interface Family {
  readonly members: Member[];
  /** There is an index: the set wraps. */
  hasIndex: boolean;
}

/** The wanted sets of a directory by name. Throws what the file system says. */
export async function listSets(
  directory: string,
  include: readonly string[],
  exclude: readonly string[],
): Promise<Map<string, Family>> {
  const sets = new Map<string, Family>();
  for (const name of await readdir(directory)) {
    const match = namePattern.exec(name);
    const [, set, suffix] = match ?? [];
    if (set === undefined || !isWanted(set, include, exclude)) continue;
    const family = sets.get(set) ?? { members: [], hasIndex: false };
    sets.set(set, family);
    if (suffix === 'idx') family.hasIndex = true;
    else
      family.members.push({ path: join(directory, name), number: suffix === undefined ? undefined : Number(suffix) });
  }
  return sets;
}

/** Reads `.idx` and `.siz` of a set; undefined when it does not wrap, or nothing can be told. */
export async function readWrap(directory: string, set: string): Promise<Wrap | undefined> {
  const [index, sizes] = await Promise.all([
    readFile(join(directory, `${set}.idx`)).catch(() => undefined),
    readFile(join(directory, `${set}.siz`)).catch(() => undefined),
  ]);
  if (index === undefined) return undefined;
  const read = parseIndex(index);
  if (read === undefined) return undefined;
  const known = sizes !== undefined && sizes.length >= 13 && sizes[0] === 2;
  return {
    ...read,
    fileBytes: known ? Number(sizes.readBigUInt64BE(1)) : undefined,
    files: known ? sizes.readUInt32BE(9) : undefined,
  };
}

/** `00 | 00000000 | version 2 | current(4) | count(8)...`; undefined for older layouts and for half-written ones. */
function parseIndex(index: Buffer): Pick<Wrap, 'current' | 'counts'> | undefined {
  if (index.length < 10 || index.readUInt32BE(0) !== 0 || index[4] !== 0 || index[5] !== 2) return undefined;
  const current = index.readUInt32BE(6);
  const counts: number[] = [];
  for (let at = 10; at + 8 <= index.length; at += 8) counts.push(Number(index.readBigUInt64BE(at)));
  return current > 0 ? { current, counts } : undefined;
}

export interface Aged {
  readonly number: number | undefined;
  readonly mtimeNs: bigint;
}

/**
 * Sorts files oldest first: around the ring behind the current one, or by the time of the last write where there is no
 * index. A plain `NAME.log` beside a ring is from before the ring was switched on.
 */
export function chronological<T extends Aged>(files: readonly T[], wrap: Wrap | undefined): T[] {
  const numbers = files.map((file) => file.number ?? 0);
  if (wrap === undefined) {
    return [...files].sort((a, b) => compare(a.mtimeNs, b.mtimeNs) || (a.number ?? 0) - (b.number ?? 0));
  }
  const { current } = wrap;
  const highest = Math.max(current, ...numbers);
  const age = ({ number }: T) => (number === undefined ? -1 : number > current ? number - current : number + highest);
  return [...files].sort((a, b) => age(a) - age(b));
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
