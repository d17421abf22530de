import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { idOf } from './generation.ts';
import type { Member } from './sets.ts';

/** So often a set is looked at anew while it is being rotated; each time takes far less than a rotation. */
const lookLimit = 5;

/** A file of a set as it was found. */
export interface Found extends Member {
  readonly id: string;
  readonly stat: BigIntStats;
  readonly mtimeNs: bigint;
}

/**
 * The files of a set. Between the listing and the look, or in the midst of it, a rotation by renaming may have moved
 * some, and what is found later would come behind what is newer: so where a file is new, it is looked again until two
 * looks agree, each time for one number more. `base` is the path without a number.
 */
export async function lookAt(
  base: string,
  members: readonly Member[],
  isKnown: (id: string) => boolean,
): Promise<Found[]> {
  let wanted = [...members];
  let found = await statAll(wanted);
  for (let look = 1; look < lookLimit && !found.every(({ id }) => isKnown(id)); look++) {
    const next = 1 + Math.max(0, ...wanted.map((member) => member.number ?? 0));
    const again = await statAll([...wanted, { path: `${base}.${next}`, number: next }]);
    const isSame = again.length === found.length && again.every(({ id, path }, at) => same(found[at], id, path));
    found = again;
    if (isSame) break;
    wanted = [...new Map([...wanted, ...again].map(({ path, number }) => [path, { path, number }])).values()];
  }
  return found;
}

const same = (file: Found | undefined, id: string, path: string): boolean => file?.id === id && file.path === path;

async function statAll(members: readonly Member[]): Promise<Found[]> {
  const found: Found[] = [];
  await Promise.all(
    members.map(async (member) => {
      const seen = await stat(member.path, { bigint: true }).catch(() => undefined);
      if (seen?.isFile()) found.push({ ...member, id: idOf(seen), stat: seen, mtimeNs: seen.mtimeNs });
    }),
  );
  // Two names of one file (hard links, a symlink beside its target) are one file: the first by name.
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const ids = new Set<string>();
  return found.filter(({ id }) => !ids.has(id) && ids.add(id));
}
