import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { reasonOf } from '../../src/core/errors.ts';
import type { Logger } from '../part.ts';
import { Generation } from './generation.ts';
import { LogSet } from './set.ts';

const Count = Type.Integer({ minimum: 0 });
const Text = Type.String({ maxLength: 4096 });

const File = Type.Object({
  path: Text,
  number: Type.Optional(Count),
  id: Text,
  line: Text,
  repeat: Count,
  size: Count,
  final: Type.Boolean(),
  items: Type.Optional(Count),
  acked: Count,
  records: Count,
  /** Base64 of the bytes in front of `acked`. */
  tail: Text,
});

/** Gaps that were joined, of whose files nothing else is kept. */
const JoinedGap = Type.Object({
  path: Text,
  line: Text,
  repeat: Count,
  from: Count,
  bytes: Count,
  records: Type.Optional(Count),
  bound: Type.Union([Type.Literal('exact'), Type.Literal('least'), Type.Literal('most'), Type.Literal('unknown')]),
  files: Count,
});

const Checkpoint = Type.Object({
  version: Type.Literal(1),
  directory: Text,
  sets: Type.Record(
    Type.String(),
    Type.Object({
      sequence: Count,
      lost: Count,
      lostBytes: Count,
      lines: Type.Record(Type.String(), Count),
      files: Type.Array(File),
      gaps: Type.Optional(Type.Array(JoinedGap)),
    }),
  ),
});

/**
 * Where delivery stands, for each file of each set. Written in one step and flushed to disk, only ever with positions
 * that are acknowledged: what is behind them is sent again after a crash and refused by its id.
 */
export class CheckpointFile {
  private readonly path: string;
  private readonly directory: string;
  private readonly logger: Logger;
  private writing: Promise<void> | undefined;
  private failing: string | undefined;
  private written = '';

  /** `directory` is the one whose files the positions are of. */
  constructor(path: string, directory: string, logger: Logger) {
    this.path = path;
    this.directory = directory;
    this.logger = logger;
  }

  /** Why the last write failed, for the status. */
  get trouble(): string | undefined {
    return this.failing;
  }

  /** The sets as they were; none where there is no checkpoint. A damaged one is set aside, never overwritten. */
  async load(): Promise<LogSet[]> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return [];
    try {
      const saved = Value.Decode(Checkpoint, JSON.parse(text));
      if (saved.directory === this.directory) return restore(saved);
      this.logger.info('the log directory is another one than before', { before: saved.directory });
      return [];
    } catch (error) {
      const aside = `${this.path}.damaged`;
      await rename(this.path, aside);
      this.logger.error('the log checkpoint is damaged; every file is read again, ids keep the index free of doubles', {
        setAside: aside,
        reason: reasonOf(error),
      });
      return [];
    }
  }

  /** Writes what is acknowledged now; while a write is under way its end. Never throws: trouble is logged once. */
  async save(sets: Iterable<LogSet>): Promise<void> {
    while (this.writing) await this.writing;
    const text = JSON.stringify(snapshot(sets, this.directory));
    if (text === this.written) return;
    this.writing = replaceFile(this.path, text).then(
      () => {
        this.written = text;
        if (this.failing !== undefined) this.logger.info('the log checkpoint can be written again');
        this.failing = undefined;
      },
      (error) => {
        const reason = reasonOf(error);
        if (this.failing !== reason) {
          this.logger.error('cannot write the log checkpoint; delivery goes on', { path: this.path, reason });
        }
        this.failing = reason;
      },
    );
    await this.writing;
    this.writing = undefined;
  }
}

/**
 * Like `writeFileAtomic`, without holding up the event loop: a flush takes 100 ms and more on the flash cards of small
 * machines.
 */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  // The rename lives in the directory: without this a power cut can bring the old positions back.
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function snapshot(sets: Iterable<LogSet>, directory: string): Static<typeof Checkpoint> {
  const out: Static<typeof Checkpoint> = { version: 1, directory, sets: {} };
  for (const set of sets) {
    out.sets[set.name] = {
      sequence: set.ackedSequence,
      lost: set.lost,
      lostBytes: set.lostBytes,
      lines: Object.fromEntries(set.lines),
      files: set.generations.map((generation) => ({
        path: generation.path,
        ...(generation.number === undefined ? {} : { number: generation.number }),
        id: generation.id,
        line: generation.fingerprint,
        repeat: generation.repeat,
        size: generation.size,
        final: generation.final,
        ...(generation.items === undefined ? {} : { items: generation.items }),
        acked: generation.acked,
        records: generation.ackedRecords,
        tail: generation.ackedTail.toString('base64'),
      })),
      gaps: set.joined.map(({ generation, path, from, bytes, records, bound, files }) => ({
        path,
        line: generation.fingerprint,
        repeat: generation.repeat,
        from,
        bytes,
        ...(records === undefined ? {} : { records }),
        bound,
        files,
      })),
    };
  }
  return out;
}

function restore(checkpoint: Static<typeof Checkpoint>): LogSet[] {
  return Object.entries(checkpoint.sets).map(([name, saved]) => {
    const set = new LogSet(name, saved.sequence);
    set.lost = saved.lost;
    set.lostBytes = saved.lostBytes;
    for (const [line, repeat] of Object.entries(saved.lines)) set.lines.set(line, repeat);
    for (const file of saved.files) {
      const generation = new Generation(file.path, file.number, file.id, file.line, file.repeat);
      generation.size = file.size;
      generation.final = file.final;
      generation.items = file.items;
      generation.position = generation.acked = file.acked;
      generation.records = generation.ackedRecords = file.records;
      generation.tail = generation.ackedTail = Buffer.from(file.tail, 'base64');
      set.generations.push(generation);
    }
    for (const { path, line, repeat, records, ...gap } of saved.gaps ?? []) {
      const generation = new Generation(path, undefined, '', line, repeat);
      set.gaps.push({ ...gap, generation, path, records });
    }
    return set;
  });
}
