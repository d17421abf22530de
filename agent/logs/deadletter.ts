import { appendFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { withLock } from '../../src/core/lock.ts';
import { ownLike } from '../config/state.ts';
import type { Refusal } from './bulk.ts';

/** The file is turned over at this size; with the one before it never takes more than twice as much. */
const sizeLimit = 32 * 1024 * 1024;

/** A record that the engine refused for its own sake. */
export interface DeadLetter {
  /** Document id. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly status: number;
  readonly reason: string;
  readonly index: string;
  /** The document as it was sent. */
  readonly document: unknown;
}

/**
 * A bounded file of what could not be delivered, one JSON object a line: `deadletter.ndjson`, older `.1`. The agent adds
 * to it while a command purges it: whoever writes holds its lock.
 */
export class DeadLetterFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a record from its two lines of a bulk body. */
  async add(record: Buffer, refusal: Refusal, index: string, nowMs: number): Promise<void> {
    const at = record.indexOf(10);
    const action = JSON.parse(record.toString('utf8', 0, at)) as { create: { _id: string } };
    const letter: Omit<DeadLetter, 'document'> = {
      id: action.create._id,
      at: nowMs,
      status: refusal.status,
      reason: refusal.reason,
      index,
    };
    const document = record.toString('utf8', at + 1, record.length - 1);
    // The document may be what no JSON reader takes; as a string it always fits into the line.
    const head = JSON.stringify(letter).slice(0, -1);
    const line = `${head},"document":${JSON.stringify(document)}}\n`;
    await this.alone(async () => {
      await this.turnOver();
      await appendFile(this.path, line, { mode: 0o600 });
    });
  }

  /** All that is kept, oldest first; lines that cannot be read are left out. */
  async list(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const path of [`${this.path}.1`, this.path]) {
      for (const line of (await readIfAny(path)).split('\n')) {
        const letter = readLetter(line);
        if (letter) letters.push(letter);
      }
    }
    return letters;
  }

  /** Removes the letters with these ids, or all. Answers how many are left. */
  purge(ids?: ReadonlySet<string>): Promise<number> {
    return this.alone(async () => {
      const kept = ids ? (await this.list()).filter((letter) => !ids.has(letter.id)) : [];
      if (kept.length === 0) {
        await rm(this.path, { force: true });
      } else {
        const text = kept.map(
          (letter) => `${JSON.stringify({ ...letter, document: JSON.stringify(letter.document) })}\n`,
        );
        await writeFile(`${this.path}.tmp`, text.join(''), { mode: 0o600 });
        // Root purges what the agent's own user goes on writing.
        ownLike(`${this.path}.tmp`, dirname(this.path));
        await rename(`${this.path}.tmp`, this.path);
      }
      // Last: whoever is stopped before it finds some letters twice, and none lost.
      await rm(`${this.path}.1`, { force: true });
      return kept.length;
    });
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    return withLock(`${this.path}.lock`, work, { clock: systemClock, random: Math.random });
  }

  private async turnOver(): Promise<void> {
    const size = await stat(this.path).then(
      (seen) => seen.size,
      () => 0,
    );
    if (size >= sizeLimit) await rename(this.path, `${this.path}.1`);
  }
}

async function readIfAny(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

function readLetter(line: string): DeadLetter | undefined {
  try {
    const letter = JSON.parse(line) as DeadLetter & { document: string };
    try {
      return { ...letter, document: JSON.parse(letter.document) };
    } catch {
      return letter;
    }
  } catch {
    return undefined;
  }
}
