import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Telemetry } from '../../../src/contract/telemetry.ts';
import type { Db } from '../../../src/server/domain/world.ts';
import { History, resolutions } from '../../../src/server/monitor/history.ts';
import type { Store } from '../../../src/server/store/open.ts';
import { openStore } from '../../../src/server/store/open.ts';

const start = Date.UTC(2026, 0, 1);
let store: Store;
let db: Db;
let history: History;

const sample = (connections: number): Telemetry => ({
  version: 1,
  time: 0,
  agent: 'a',
  generation: 5,
  nodes: [],
  traffic: { connections, received: connections / 2, sent: 1, dropped: 0 },
});

beforeAll(async () => {
  store = await openStore(undefined);
  ({ db } = store);
  await db.insertInto('orgs').values({ id: 'o', name: 'o', created_at: 0, updated_at: 0 }).execute();
  const project = { id: 'p', org_id: 'o', name: 'p', creator: '', created_at: 0, updated_at: 0 };
  await db.insertInto('projects').values(project).execute();
  const texts = {
    type: 'managed',
    name: 'c',
    descr: '',
    creator: '',
    status: 'created',
    reason: '',
    version: '',
  } as const;
  const json = { spec_json: '{}', files_json: '{}', addresses_json: '[]' };
  const rest = { replicas: 0, reserved: 0, service_address: '', registration_hash: '', task_id: '', up_at: 0 };
  await db
    .insertInto('clusters')
    .values({
      id: 'c',
      org_id: 'o',
      project_id: 'p',
      ...texts,
      ...json,
      ...rest,
      created_at: 0,
      updated_at: 0,
    } as never)
    .execute();
  history = new History(db);
});

afterAll(() => store.close());

describe('the history', () => {
  it('has one sample for each ten seconds, whoever told it, and means for each longer step', async () => {
    for (let second = 0; second < 600; second += 5) {
      history.take('c', start + second * 1000, sample(second));
      if (second % 100 === 0) await history.flush(start + second * 1000);
    }
    history.take('unknown', start, sample(1));
    const now = start + 600_000;
    await history.flush(now);
    const fine = await history.read('c', now, start, now);
    expect(fine.step).toBe(10);
    expect(fine.data.map((point) => point.connectCount)).toEqual(Array.from({ length: 60 }, (_, at) => at * 10));
    const coarse = await history.read('c', now, now - 12 * 3_600_000, now);
    expect(coarse.step).toBe(60);
    expect(coarse.data[1]).toEqual({
      time: start + 60_000,
      connectCount: 85,
      connectPeak: 110,
      subscriptionCount: 0,
      topicCount: 0,
      in: 42.5,
      out: 1,
      dropped: 0,
    });
  });

  it('keeps the close past fine and the far one coarse', async () => {
    const later = start + 3 * 3_600_000;
    history.take('c', later, sample(7));
    await history.flush(later);
    const rows = await db.selectFrom('history').select(['step', 'time']).where('cluster_id', '=', 'c').execute();
    const count = (step: number) => rows.filter((row) => row.step === step).length;
    // Of ten seconds only the new one is left, of a minute all ten and the new one.
    expect([count(10), count(60), count(600), count(3600)]).toEqual([1, 11, 2, 2]);
    const month = await history.read('c', later, later - 30 * 86_400_000, later);
    expect([month.step, month.data.length]).toEqual([3600, 2]);
    for (const { step, keep } of resolutions) await history.flush(later + (keep + step) * 1000);
    expect(await db.selectFrom('history').selectAll().execute()).toEqual([]);
  });

  it('goes with its cluster', async () => {
    history.take('c', start, sample(1));
    await history.flush(start);
    await db.deleteFrom('clusters').where('id', '=', 'c').execute();
    expect(await db.selectFrom('history').selectAll().execute()).toEqual([]);
    history.take('c', start + 60_000, sample(1));
    await expect(history.flush(start + 60_000)).resolves.toBeUndefined();
  });
});
