import { existsSync } from 'node:fs';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import Libsql from 'libsql';

/** What SQLite can hold and libsql hands back unchanged. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/**
 * libsql under kysely's SQLite dialect, with its traps closed. Seen by trial on libsql 0.5.29: a boolean aborts the
 * process, text ends at the first NUL, whole numbers travel as floats and lose digits above 2^53, `backup()` is missing.
 */
export class Sqlite implements SqliteDatabase {
  readonly #database: Libsql.Database;

  /**
   * Opens or creates the file (`:memory:` is a private one that lives as long as this object). `shared` reads beside
   * others; `untouched` takes the file alone as it lies and makes no file beside it.
   */
  constructor(path: string, options: { readonly readOnly?: 'shared' | 'untouched' } = {}) {
    const flags = options.readOnly && `mode=ro${options.readOnly === 'untouched' ? '&immutable=1' : ''}`;
    this.#database = new Libsql(flags ? `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?${flags}` : path);
  }

  /** Statements without parameters or rows: schema, pragmas that answer nothing. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.#database.prepare(sql).safeIntegers(true);
    return {
      reader: statement.reader,
      all: (parameters) => readRows(statement.all(bindAll(parameters))),
      run: (parameters) => statement.run(bindAll(parameters)),
      *iterate(parameters) {
        for (const row of statement.iterate(bindAll(parameters))) yield readRow(row);
      },
    };
  }

  /** The rows of one statement. */
  query(sql: string, ...parameters: readonly unknown[]): Record<string, SqlValue>[] {
    return this.prepare(sql).all(parameters) as Record<string, SqlValue>[];
  }

  /** A consistent copy in a new file, made while the database is in use. */
  copyTo(path: string): void {
    if (existsSync(path)) throw new Error(`${path} exists`);
    this.query('VACUUM INTO ?', path);
  }

  /**
   * libsql cannot finalize statements: the connection stays half open until they are collected. So what matters, the
   * log beside the file, is emptied by hand, and a lock is to be ended by its own ROLLBACK.
   */
  close(): void {
    this.#database.close();
  }
}

function bindAll(parameters: readonly unknown[]): SqlValue[] {
  return parameters.map(bind);
}

function bind(value: unknown): SqlValue {
  switch (typeof value) {
    case 'boolean':
      return value ? 1n : 0n;
    case 'string':
      if (value.includes('\0')) throw new RangeError('text with a NUL cannot be stored');
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be stored`);
      if (!Number.isInteger(value)) return value;
      if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is too large to be stored exactly`);
      // As a bigint it stays a whole number even in a column of text.
      return BigInt(value);
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is too large to be stored exactly`);
      return value;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      throw new TypeError(`a value of type ${typeof value} cannot be stored`);
  }
}

function readRows(rows: readonly unknown[]): unknown[] {
  for (const row of rows) readRow(row);
  return rows as unknown[];
}

function readRow(row: unknown): unknown {
  const record = row as Record<string, unknown>;
  for (const name in record) {
    const value = record[name];
    if (typeof value === 'bigint') {
      const number = Number(value);
      if (Number.isSafeInteger(number)) record[name] = number;
    } else if (value instanceof ArrayBuffer) record[name] = new Uint8Array(value);
  }
  return record;
}
