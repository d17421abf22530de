import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../src/server/store/open.ts';
import { Sqlite } from '../../src/server/store/sqlite.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecp-store-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the traps of libsql', () => {
  const open = () => {
    const file = new Sqlite(':memory:');
    file.exec('CREATE TABLE t (n INTEGER, x TEXT, b BLOB)');
    return file;
  };

  test('a boolean is stored as 0 or 1 instead of aborting the process', () => {
    const file = open();
    file.query('INSERT INTO t (n) VALUES (?), (?)', true, false);
    expect(file.query('SELECT n FROM t ORDER BY rowid')).toEqual([{ n: 1 }, { n: 0 }]);
  });

  test('text with a NUL is refused instead of being cut', () => {
    const file = open();
    expect(() => file.query('INSERT INTO t (x) VALUES (?)', 'a\0b')).toThrow(/NUL/);
    expect(file.query('SELECT count(*) AS n FROM t')).toEqual([{ n: 0 }]);
  });

  test('whole numbers stay exact up to 2^53 and are refused above', () => {
    const file = open();
    file.query('INSERT INTO t (n, x) VALUES (?, ?)', Number.MAX_SAFE_INTEGER, 7);
    expect(file.query('SELECT n, x FROM t')).toEqual([{ n: Number.MAX_SAFE_INTEGER, x: '7' }]);
    expect(() => file.query('INSERT INTO t (n) VALUES (?)', 2 ** 53 + 2)).toThrow(/too large/);
    expect(() => file.query('INSERT INTO t (n) VALUES (?)', 2n ** 64n)).toThrow(/too large/);
  });

  test('a 64-bit number that is there already comes out exact, as a bigint', () => {
    const file = open();
    file.exec('INSERT INTO t (n) VALUES (9007199254740993)');
    expect(file.query('SELECT n FROM t')).toEqual([{ n: 9007199254740993n }]);
  });

  test('a copy of a database in use is made without backup()', () => {
    const path = join(directory, 'copy.db');
    const file = open();
    file.query('INSERT INTO t (x) VALUES (?)', '集群');
    file.copyTo(path);
    expect(new Sqlite(path, { readOnly: 'shared' }).query('SELECT x FROM t')).toEqual([{ x: '集群' }]);
    expect(() => file.copyTo(path)).toThrow(/exists/);
  });

  test.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, new Date(), {}])('%s cannot be stored', (value) => {
    expect(() => open().query('INSERT INTO t (n) VALUES (?)', value)).toThrow(/stored/);
  });

  test('bytes come back as they went in, views included', () => {
    const file = open();
    file.query('INSERT INTO t (b) VALUES (?)', Buffer.from('hello').subarray(1, 3));
    expect(file.query('SELECT b FROM t')).toEqual([{ b: new Uint8Array(Buffer.from('el')) }]);
  });
});

describe('the state file', () => {
  const path = () => join(directory, 'state.db');
  const digest = () => createHash('sha256').update(readFileSync(path())).digest('hex');

  async function filled() {
    const store = await openStore(directory);
    const value_json = JSON.stringify('x'.repeat(100));
    const values = Array.from({ length: 500 }, (_, n) => ({ name: `n${n}`, value_json }));
    await store.db.insertInto('settings').values(values).execute();
    await store.close();
  }

  test('keeps what was written, and can be copied while open', async () => {
    await filled();
    const store = await openStore(directory);
    store.copyTo(join(directory, 'copy.db'));
    await store.close();
    expect(new Sqlite(join(directory, 'copy.db')).query('SELECT count(*) AS n FROM settings')).toEqual([{ n: 500 }]);
  });

  test.each([
    ['text', (bytes: Buffer) => Buffer.from('not a database '.repeat(bytes.length / 15))],
    ['a cut file', (bytes: Buffer) => bytes.subarray(0, bytes.length - 4096)],
    ['a torn page', (bytes: Buffer) => Buffer.from(bytes).fill(0x5a, 4096, 8192)],
    ['a few bytes', () => Buffer.from('SQ')],
  ])('damaged (%s) is refused and left as it is', async (_, damage) => {
    await filled();
    writeFileSync(path(), damage(readFileSync(path())));
    const before = digest();
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'state_damaged', exit: 78 });
    expect(digest()).toBe(before);
  });

  test('of a newer version is refused', async () => {
    const store = await openStore(directory);
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('999', '')`.execute(store.db);
    await store.close();
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'state_damaged' });
  });

  test('is held by one server at a time', async () => {
    const store = await openStore(directory);
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'unusable_path', exit: 78 });
    await store.close();
    await (await openStore(directory)).close();
  });
});
