import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { Failure, reasonOf } from '../../core/errors.ts';
import { Sqlite } from '../store/sqlite.ts';

/**
 * The log, in a file of its own: neither its size nor its damage touches the server's state.
 *
 * - `records.id` is the record's time in milliseconds, then its place in the order of arrival: rows lie in the order in
 *   which they are asked for, and a range of time is a range of ids, for every index.
 * - A stream is what a query chooses by: cluster, node, data set, level, and whether the text is more than ASCII. With
 *   one index entry a record, any choice is a few ordered lists that SQLite merges.
 * - `text_N` finds substrings (FTS5, trigrams, no positions), one for every so many arrivals: what is oldest goes by
 *   dropping a whole table, where deleting rows would cost as much as writing them.
 */
const schema = `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
  CREATE TABLE clusters (ref INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, cluster INTEGER NOT NULL REFERENCES clusters (ref), node TEXT NOT NULL,
    dataset TEXT NOT NULL, level INTEGER NOT NULL, wide INTEGER NOT NULL,
    UNIQUE (cluster, node, dataset, level, wide)) STRICT;
  CREATE TABLE records (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, arrival INTEGER NOT NULL, document BLOB,
    message TEXT NOT NULL) STRICT;
  CREATE INDEX by_time ON records (stream);
  CREATE INDEX by_arrival ON records (stream, arrival);
  CREATE UNIQUE INDEX by_document ON records (document) WHERE document IS NOT NULL;
  CREATE TABLE texts (n INTEGER PRIMARY KEY, first INTEGER NOT NULL) STRICT;
  CREATE TABLE hours (hour INTEGER PRIMARY KEY, first INTEGER NOT NULL) STRICT;`;

/** Written into the file's header, so that no other database is taken for a log. */
const applicationId = 0x6c6f_6773;
const schemaVersion = 1;

/** Opens the log for writing, made new where there is none. Throws `state_damaged` or `unusable_path`. */
export function openForWriting(path: string): Sqlite {
  return guarded(path, () => {
    const file = new Sqlite(path);
    const [{ user_version: version } = {}] = file.query('PRAGMA user_version');
    const [{ application_id: application } = {}] = file.query('PRAGMA application_id');
    if (version === 0 && application === 0) create(file);
    else if (application !== applicationId || version !== schemaVersion)
      throw new Error('it is no log of this version');
    if (path !== ':memory:') chmodSync(path, 0o600);
    tune(file);
    return file;
  });
}

/** Opens the log, which must be there, a second time for reading. */
export function openForReading(path: string): Sqlite {
  return guarded(path, () => {
    const file = new Sqlite(path, { readOnly: 'shared' });
    tune(file);
    return file;
  });
}

function create(file: Sqlite): void {
  file.exec('PRAGMA page_size = 8192');
  file.exec('PRAGMA auto_vacuum = INCREMENTAL');
  file.query('PRAGMA journal_mode = WAL');
  file.exec('BEGIN IMMEDIATE');
  file.exec(schema);
  file.query(`INSERT INTO facts VALUES ('epoch', ?), ('arrivals', 0), ('oldest', 1)`, randomBytes(6).toString('hex'));
  file.exec(`PRAGMA application_id = ${applicationId}`);
  file.exec(`PRAGMA user_version = ${schemaVersion}`);
  file.exec('COMMIT');
}

function tune(file: Sqlite): void {
  // FULL: what is answered as written is on the disk, power cut included; the agent then forgets it.
  file.exec('PRAGMA synchronous = FULL');
  file.exec('PRAGMA cache_size = -65536');
  file.query('PRAGMA wal_autocheckpoint = 4000');
}

function guarded(path: string, open: () => Sqlite): Sqlite {
  try {
    return open();
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? '');
    const unusable = /CANTOPEN|READONLY|PERM|IOERR|FULL|BUSY|LOCKED/.test(code);
    throw new Failure(
      unusable ? 'unusable_path' : 'state_damaged',
      { path, reason: reasonOf(error) },
      { cause: error },
    );
  }
}

/** The table that finds the text of arrivals from one point on. */
export function textTable(n: number): string {
  return `text_${n}`;
}

export function createText(file: Sqlite, n: number, first: number): void {
  file.exec(
    `CREATE VIRTUAL TABLE ${textTable(n)} USING
     fts5 (message, content = '', columnsize = 0, detail = none, tokenize = 'trigram')`,
  );
  const settings = {
    // As much is collected in memory before it is written as one piece ...
    hashsize: 8 * 1024 * 1024,
    // ... and so many pieces are merged at once: a quarter less work for each record than with the usual 4.
    automerge: 16,
    // A piece of the index fills a page of the file.
    pgsz: 8000,
  };
  for (const [name, value] of Object.entries(settings)) {
    file.query(`INSERT INTO ${textTable(n)} (${textTable(n)}, rank) VALUES (?, ?)`, name, value);
  }
  file.query('INSERT INTO texts VALUES (?, ?)', n, first);
}

/** Bits of an id for the place in the order of arrival; the other 42 hold times until the year 2109. */
const placeBits = 21n;
const placeMask = (1n << placeBits) - 1n;
/** The last millisecond that an id can hold. */
export const lastTime = 2 ** 42 - 1;

/** Two arrivals of the same millisecond share an id only when two million lie between them. */
export function recordId(time: number, arrival: number): bigint {
  return (BigInt(time) << placeBits) | (BigInt(arrival) & placeMask);
}

export function timeOfId(id: bigint): number {
  return Number(id >> placeBits);
}

/** Ids of all records between two times, both included. */
export function idsBetween(from: number, to: number): readonly [bigint, bigint] {
  const clamp = (time: number) => BigInt(Math.min(Math.max(Math.trunc(time), 0), lastTime));
  return [clamp(from) << placeBits, (clamp(to) << placeBits) | placeMask];
}
