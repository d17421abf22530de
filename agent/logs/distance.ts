import type { Generation } from './generation.ts';
import type { LogSet } from './set.ts';

/**
 * Bytes that EMQX may still write before the wrap truncates a file with unread records. Undefined where the set does
 * not wrap or its measures are not known.
 */
export function distanceOf(set: LogSet, oldest: Generation): number | undefined {
  const { wrap, last } = set;
  if (!wrap?.files || !wrap.fileBytes || !last?.number || !oldest.number) return undefined;
  const rest = Math.max(0, wrap.fileBytes - last.size);
  const between = (oldest.number - last.number - 1 + 2 * wrap.files) % wrap.files;
  return rest + between * wrap.fileBytes;
}

/** The oldest generation with something unread or not delivered. */
export const oldestUnread = (set: LogSet): Generation | undefined =>
  set.generations.find((generation) => !generation.retired && generation.acked < generation.size);

/** True when less than a third of the ring is left before unread records are overwritten. */
export function isNearWrap(set: LogSet): boolean {
  const oldest = oldestUnread(set);
  if (!oldest || oldest === set.last || !set.wrap?.files || !set.wrap.fileBytes) return false;
  const distance = distanceOf(set, oldest);
  return distance !== undefined && distance < (set.wrap.files * set.wrap.fileBytes) / 3;
}
