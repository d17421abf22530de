import { expect, test } from 'vitest';
import { cleanUp } from '../../src/server/domain/housekeeping.ts';
import { openSession, tokenLives } from '../../src/server/domain/sessions.ts';
import { openStore } from '../../src/server/store/open.ts';

test('of alarms that are over the newest stay, of those that are active all', async () => {
  const { db, close } = await openStore(undefined);
  const texts = { org_id: '', cluster_id: '', name: 'a', message: '', resource_id: '', resource_name: '' };
  const alarm = (n: number, ends_at: number) => ({
    ...texts,
    condition: String(n),
    project_id: 'p',
    severity: 'normal' as const,
    resource_type: 'cluster' as const,
    ...{ starts_at: 0, absent_at: 0, ends_at, notified_at: 0, held: 0 },
  });
  const now = Date.parse('2030-06-01T00:00:00Z');
  const day = 86_400_000;
  await db
    .insertInto('alarms')
    .values([alarm(0, 0), alarm(1, now - 91 * day), alarm(2, now)])
    .execute();
  await cleanUp({ db, log: () => {} }, now);
  const left = async () =>
    (await db.selectFrom('alarms').select('condition').orderBy('id').execute()).map((row) => row.condition);
  expect(await left()).toEqual(['0', '2']);
  for (let n = 0; n < 20_000; n += 1000) {
    await db
      .insertInto('alarms')
      .values(Array.from({ length: 1000 }, (_, at) => alarm(n + at + 3, now)))
      .execute();
  }
  await cleanUp({ db, log: () => {} }, now);
  const kept = await left();
  expect([kept.length, kept[0], kept[1]]).toEqual([20_001, '0', '3']);
  await close();
});

test('what is over goes, what counts stays', async () => {
  const { db, close } = await openStore(undefined);
  const lines: string[] = [];
  const world: Parameters<typeof cleanUp>[0] = { db, log: (_, line) => lines.push(line) };
  const day = 86_400_000;
  const now = Date.parse('2030-06-01T00:00:00Z');
  const user = { id: 'u', name: 'u', email: '', mobile: '', password: '', admin: 0, enabled: 1 };
  await db
    .insertInto('users')
    .values({ ...user, created_at: 0, updated_at: 0, login_at: 0 })
    .execute();
  await openSession(db, 'u', now - 30 * day, tokenLives);
  await openSession(db, 'u', now, tokenLives);
  const task = {
    cluster_id: 'c',
    org_id: '',
    project_id: '',
    type: 'scale',
    progress: '',
    user_id: '',
    change_json: '{}',
  } as const;
  const rest = { step: 0, error: '', created_at: 0 };
  await db
    .insertInto('tasks')
    .values([
      { ...task, ...rest, id: 'old', status: 'finished', updated_at: now - 91 * day },
      { ...task, ...rest, id: 'new', status: 'error', updated_at: now - 89 * day },
      { ...task, ...rest, id: 'hung', status: 'running', updated_at: now - 500 * day },
    ])
    .execute();
  const entry = {
    resource: 'cluster',
    operation: 'create',
    operator_id: '',
    operator_name: '',
    user_id: '',
    user_name: '',
    org_id: '',
    org_name: '',
    project_id: '',
    project_name: '',
    cluster_id: '',
    cluster_name: '',
    metadata_json: '{}',
  } as const;
  await db
    .insertInto('audit')
    .values([
      { ...entry, created_at: now - 401 * day },
      { ...entry, created_at: now - 399 * day },
    ])
    .execute();
  const terms = { expiredDate: '2030-06-11', totalClusterConnectionCount: 10, maxEmqxClusterCount: 10 };
  await db
    .insertInto('settings')
    .values({ name: 'license', value_json: JSON.stringify({ terms }) })
    .execute();

  await cleanUp(world, now);
  expect((await db.selectFrom('sessions').selectAll().execute()).length).toBe(1);
  expect((await db.selectFrom('tokens').selectAll().execute()).length).toBe(2);
  expect((await db.selectFrom('tasks').select('id').orderBy('id').execute()).map(({ id }) => id)).toEqual([
    'hung',
    'new',
  ]);
  expect((await db.selectFrom('audit').selectAll().execute()).length).toBe(1);
  expect(lines).toEqual(['the license expires in 11 days, on 2030-06-11']);
  await close();
});
