import type { Generation } from './states.ts';

/** Parts of an EMQX version; `pre` is what follows `-` in a pre-release, empty in a release. */
export interface EmqxVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly pre: readonly string[];
}

const shape = /^[ev]?(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?(?:[-.+](.*))?$/i;
const preRelease = /^(alpha|beta|rc|build|m\d)/i;

/**
 * Reads `5.7.0`, `e5.7.0`, `v4.4.19`, `5.8.6-alpha.1` and the tag of an image (`emqx/emqx-ee:4.4.19-alpine3.15`, where
 * `alpine` is no pre-release). Undefined when it is none.
 */
export function parseEmqxVersion(text: string): EmqxVersion | undefined {
  const tag = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf(':')) + 1).trim();
  const match = shape.exec(tag);
  if (!match) return undefined;
  const [, major, minor, patch = '0', rest = ''] = match;
  const pre = preRelease.test(rest) ? rest.toLowerCase().split(/[.-]/) : [];
  return { major: Number(major), minor: Number(minor), patch: Number(patch), pre };
}

/** Below 0 when `a` is older, above 0 when it is newer; a pre-release is older than its release. */
export function compareEmqxVersions(a: EmqxVersion, b: EmqxVersion): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0) return numbers;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const order = comparePart(a.pre[at], b.pre[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : 1;
}

/** True when `version` is `least` or newer. */
export function isEmqxAtLeast(version: EmqxVersion, least: string): boolean {
  const floor = parseEmqxVersion(least);
  return floor !== undefined && compareEmqxVersions(version, floor) >= 0;
}

/** v5 and what came after it speak the same API; undefined for what is older than v4. */
export function generationOf(version: EmqxVersion): Generation | undefined {
  if (version.major >= 5) return 5;
  return version.major === 4 ? 4 : undefined;
}
