import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Clock } from './clock.ts';
import { Failure } from './errors.ts';

/** A holder that shows no sign of life for this long is gone; longer than any request may take by default. */
const staleMs = 120_000;
const pollMs = 40;

export interface LockTools {
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Runs `work` while no other process holds the lock file at `path`. A lock whose process died is taken over.
 *
 * @throws Failure unusable_path where the file cannot be made, or its holder does not let go.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { clock, random }: LockTools,
  signal?: AbortSignal,
): Promise<T> {
  const mine = `${JSON.stringify({ pid: process.pid, host: hostname(), nonce: chance(random) })}\n`;
  const until = clock.monotonic() + staleMs + 5000;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  while (!take(path, mine, random)) {
    if (clock.monotonic() > until) {
      throw new Failure('unusable_path', {
        path,
        reason: { en: 'held by another process for too long', zh: '被其他进程占用太久' },
      });
    }
    breakStale(path, clock.now(), random);
    await clock.sleep(pollMs * (0.5 + random()), signal);
  }
  try {
    return await work();
  } finally {
    // Whoever thought us dead may hold it now: only our own is removed.
    if (read(path) === mine) rmSync(path, { force: true });
  }
}

function take(path: string, content: string, random: () => number): boolean {
  // A link appears with its content at once; a file opened with `wx` is empty for a moment, and would look stale.
  const temporary = `${path}.${process.pid}.${chance(random)}`;
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A file system without links (some network shares): exclusive creation is the next best.
    return exclusive(path, content);
  } finally {
    unlinkSync(temporary);
  }
}

function exclusive(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock of a process that is gone, and no other: between looking and moving a new one may have come. */
function breakStale(path: string, now: number, random: () => number): void {
  // One that another user made cannot be read: its age alone counts, as with one of nobody's making.
  const content = read(path) ?? '';
  if (!isStale(path, content, now)) return;
  const aside = `${path}.${process.pid}.${chance(random)}.stale`;
  try {
    renameSync(path, aside);
    // Moved a live one by mistake: back with it, unless its place is taken already.
    if ((read(aside) ?? '') !== content) linkSync(aside, path);
  } catch {
    // Another process was quicker; the next round looks again.
  } finally {
    rmSync(aside, { force: true });
  }
}

function isStale(path: string, content: string, now: number): boolean {
  try {
    const { pid, host } = JSON.parse(content) as { pid: number; host: string };
    if (host === hostname() && !isAlive(pid)) return true;
  } catch {
    // Not readable as ours: its age alone counts.
  }
  try {
    return now - statSync(path).mtimeMs > staleMs;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Tells one attempt from another; nobody has to be kept from guessing it. */
function chance(random: () => number): string {
  return random().toString(36).slice(2, 12);
}
