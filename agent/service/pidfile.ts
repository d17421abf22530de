import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { readTextIfAny } from '../../src/core/files.ts';
import { ownedDirectory } from '../config/state.ts';

/** A process told apart from a later one that got the same number: number, start in clock ticks, boot of the machine. */
export interface ProcessId {
  readonly pid: number;
  readonly mark: string;
}

/** The running process with this number, or undefined; a zombie is not running. */
export function identify(pid: number): ProcessId | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold blanks and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, mark: `${fields[19]}@${boot}` };
  } catch {
    return undefined;
  }
}

/** Which agent the pid file speaks of, if that very process still runs. A stale file is no agent. */
export function runningAgent(pidFile: string): ProcessId | undefined {
  const recorded = parse(readTextIfAny(pidFile));
  const now = recorded && identify(recorded.pid);
  return now && now.mark === recorded.mark ? now : undefined;
}

function parse(text: string | undefined): ProcessId | undefined {
  const [pid, mark] = (text ?? '').split('\n');
  return /^[1-9]\d*$/.test(pid ?? '') && mark ? { pid: Number(pid), mark } : undefined;
}

/**
 * Claims the pid file for this process and answers the function that gives it up. Throws `already_running` where
 * another living agent holds it.
 */
export function claimPidFile(pidFile: string, home: string): () => void {
  const me = identify(process.pid) ?? { pid: process.pid, mark: '-' };
  const content = `${me.pid}\n${me.mark}\n`;
  const temporary = `${pidFile}.${randomBytes(6).toString('hex')}`;
  try {
    ownedDirectory(dirname(pidFile), home);
    writeFileSync(temporary, content, { mode: 0o644 });
  } catch (error) {
    throw new Failure('unusable_path', { path: pidFile, reason: reasonOf(error) });
  }
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        // A link appears with its whole content or not at all: nobody ever reads half a pid file.
        linkSync(temporary, pidFile);
        return () => {
          if (readTextIfAny(pidFile) === content) rmSync(pidFile, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw new Failure('unusable_path', { path: pidFile, reason: reasonOf(error) });
        }
      }
      const other = runningAgent(pidFile);
      if (other) throw new Failure('already_running', { name: 'emqxee-agent', pid: other.pid });
      removeStale(pidFile);
    }
    throw new Failure('unusable_path', { path: pidFile, reason: { en: 'cannot be claimed', zh: '无法占用' } });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Two agents that start at once may both find the file stale, and the slower one must not remove what the faster one
 * has just put there: it takes the file away under another name, looks again, and puts a living one back.
 */
function removeStale(pidFile: string): void {
  const aside = `${pidFile}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(pidFile, aside);
  } catch {
    return;
  }
  if (runningAgent(aside)) {
    try {
      linkSync(aside, pidFile);
    } catch {
      // A third one was quicker; it will find the control socket taken.
    }
  }
  rmSync(aside, { force: true });
}
