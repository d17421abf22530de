import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { Failure, reasonOf } from '../../core/errors.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './schema.ts';
import { Sqlite } from './sqlite.ts';

export interface Store {
  readonly db: Kysely<Tables>;
  /** A consistent copy of the state in a new file. */
  copyTo(path: string): void;
  close(): Promise<void>;
}

/**
 * Opens the state in `directory` (undefined: in memory), brings it to the newest schema and holds it alone until `close`.
 * A damaged or foreign file is `state_damaged` and left as it is; one that another server holds is `unusable_path`.
 */
export async function openStore(directory: string | undefined): Promise<Store> {
  const path = directory === undefined ? ':memory:' : join(directory, 'state.db');
  const unlock = directory === undefined ? () => {} : lock(directory);
  try {
    const file = openFile(path);
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: file }) });
    await migrate(db, path);
    return {
      db,
      copyTo: (target) => copyDurably(file, target),
      close: async () => {
        file.query('PRAGMA wal_checkpoint(TRUNCATE)');
        await db.destroy();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Opens or creates a file for reading and writing; `state_damaged` or `unusable_path` where that cannot be. */
export function openFile(path: string): Sqlite {
  if (path !== ':memory:') checkFile(path);
  try {
    const file = new Sqlite(path);
    if (path !== ':memory:') chmodSync(path, 0o600);
    file.query('PRAGMA journal_mode = WAL');
    // FULL: an answer is only sent after the change is on the disk, power cut included.
    file.query('PRAGMA synchronous = FULL');
    file.query('PRAGMA foreign_keys = ON');
    return file;
  } catch (error) {
    throw describe(path, error);
  }
}

async function migrate(db: Kysely<Tables>, path: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  await db.destroy();
  throw new Failure('state_damaged', { path, reason: reasonOf(error) }, { cause: error });
}

/**
 * Holds the directory for this process, by an open transaction in a file of its own: the lock is the operating
 * system's and is gone with the process, however that ends.
 */
function lock(directory: string): () => void {
  prepareDirectory(directory);
  const path = join(directory, 'server.lock');
  try {
    const file = new Sqlite(path);
    file.exec('BEGIN EXCLUSIVE');
    return () => {
      file.exec('ROLLBACK');
      file.close();
    };
  } catch (error) {
    throw describe(directory, error);
  }
}

function copyDurably(file: Sqlite, target: string): void {
  file.copyTo(target);
  const fd = openSync(target, 'r+');
  fsyncSync(fd);
  closeSync(fd);
}

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Failure('unusable_path', { path: directory, reason: reasonOf(error) }, { cause: error });
  }
}

/** Refuses what is no healthy database before anything writes: opening for writing would already alter the file. */
function checkFile(path: string): void {
  const head = readHead(path);
  if (head === undefined) return;
  if (head.toString('latin1') !== 'SQLite format 3\0') {
    throw new Failure('state_damaged', { path, reason: 'it is not a database' });
  }
  let file: Sqlite | undefined;
  try {
    // Without a log beside it nothing can be pending, and not even the files of a reader are made.
    file = new Sqlite(path, { readOnly: existsSync(`${path}-wal`) ? 'shared' : 'untouched' });
    const [row] = file.query('PRAGMA quick_check(1)');
    if (row?.quick_check !== 'ok') throw new Error(String(row?.quick_check));
  } catch (error) {
    throw describe(path, error);
  } finally {
    file?.close();
  }
}

/** The first 16 bytes; undefined where there is no file yet, or an empty one. */
function readHead(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
  try {
    const head = Buffer.alloc(16);
    const size = readSync(fd, head, 0, 16, 0);
    return size === 0 ? undefined : head.subarray(0, size);
  } finally {
    closeSync(fd);
  }
}

function describe(path: string, error: unknown): Failure {
  const code = String((error as { code?: unknown }).code ?? '');
  if (/BUSY|LOCKED/.test(code) || /database is locked/.test(reasonOf(error))) {
    return new Failure('unusable_path', { path, reason: 'another server is using it' }, { cause: error });
  }
  if (/CANTOPEN|READONLY|PERM|IOERR|FULL/.test(code)) {
    return new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
  return new Failure('state_damaged', { path, reason: reasonOf(error) }, { cause: error });
}
