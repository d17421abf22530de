import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrations } from '../../src/server/store/migrations.ts';
import { openStore } from '../../src/server/store/open.ts';
import { Sqlite } from '../../src/server/store/sqlite.ts';

/** Rows that a server of that version may have left, by statements that its schema takes. */
const first = [
  `INSERT INTO settings VALUES ('images', '[]')`,
  `INSERT INTO users VALUES ('u1', 'admin', '', '', 'scrypt$x', 1, 1, 1, 1, 0)`,
  `INSERT INTO sessions VALUES ('s1', 'u1', 1)`,
  `INSERT INTO tokens VALUES ('h1', 's1', 'access', 9, 0)`,
  `INSERT INTO orgs VALUES ('o1', 'default', 1, 1)`,
  `INSERT INTO projects VALUES ('p1', 'o1', 'default', 'admin', 1, 1)`,
  `INSERT INTO members VALUES ('u1', 'o1', '', 'org-admin', 1)`,
  `INSERT INTO clusters VALUES ('c1', 'o1', 'p1', 'managed', '集群', '', 'admin', 'created', '', '{}', '{}', '[]', '', 0, 0,
      '', 'hash', '', 0, 1, 1)`,
  `INSERT INTO agents VALUES (7, 'c1', 'n1', 't1', '', 0, '[]', '{}', '', 0, 1, 1)`,
  `INSERT INTO tasks VALUES ('t1', 'c1', 'o1', 'p1', 'delete', 'finished', '', 'u1', '{}', 0, '', 1, 1)`,
  `INSERT INTO backups VALUES ('c1', 'f', '', x'00ff', 1)`,
  `INSERT INTO backup_schedules VALUES (1, 'c1', 'daily', 'scheduled', 0, 1, 1, 1)`,
  `INSERT INTO audit VALUES (1, 'cluster', 'create', 'u1', 'admin', '', '', '', '', '', '', 'c1', '集群', '{}', 1)`,
];
const leftBy: Readonly<Record<string, readonly string[]>> = {
  '001': first,
  '002': [
    ...first,
    `INSERT INTO history VALUES ('c1', 10, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0)`,
    `INSERT INTO alarms VALUES (1, 'c1/node/n', 'o1', 'p1', 'c1', 'node_down', '节点', 'critical', 'cluster', 'c1', '集群', 1, 0, 0,
      0, 0)`,
    `INSERT INTO alarm_settings VALUES ('p1', '{}')`,
    `INSERT INTO notices VALUES (1, 'p1', 'email', '{}', 0, 1, 1)`,
  ],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecp-migrations-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const schemaOf = (file: Sqlite) => file.query('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name');

function countsOf(file: Sqlite): Record<string, unknown> {
  const tables = file.query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`);
  return Object.fromEntries(
    tables
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith('kysely'))
      .map((name) => [name, file.query(`SELECT count(*) AS n FROM "${name}"`)[0]?.n]),
  );
}

test('every version has rows to start from', () => {
  expect(Object.keys(leftBy)).toEqual(Object.keys(migrations));
});

test.each(Object.keys(migrations))('from %s everything is kept and the schema is the newest', async (version) => {
  const file = new Sqlite(join(directory, 'state.db'));
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: file }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateTo(version);
  expect(error).toBeUndefined();
  for (const statement of leftBy[version] ?? []) file.query(statement);
  const before = countsOf(file);
  // A table without a row would prove nothing.
  expect(Object.entries(before).filter(([, rows]) => rows === 0)).toEqual([]);
  await db.destroy();

  await (await openStore(directory)).close();
  const newest = new Sqlite(join(directory, 'state.db'), { readOnly: 'shared' });
  expect(countsOf(newest)).toMatchObject(before);
  expect(newest.query('PRAGMA foreign_key_check')).toEqual([]);

  const other = mkdtempSync(join(directory, 'fresh-'));
  await (await openStore(other)).close();
  expect(schemaOf(newest)).toEqual(schemaOf(new Sqlite(join(other, 'state.db'), { readOnly: 'shared' })));
});
