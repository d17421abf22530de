import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { EngineTarget } from '../../src/server/logs/elastic/client.ts';
import { openElasticLog } from '../../src/server/logs/elastic/store.ts';
import type { LogQuery } from '../../src/server/logs/query.ts';
import type { LogStore } from '../../src/server/logs/store.ts';
import type { AnyLog } from '../server/logs/behaviour.ts';
import { behavesAsLog } from '../server/logs/behaviour.ts';
import { everything, start } from '../server/logs/support.ts';
import { Engine } from './engine.ts';

const url = process.env.ECP_TEST_ELASTICSEARCH_URL;
if (!url) console.log('skipped: ECP_TEST_ELASTICSEARCH_URL names no engine');

const day = 24 * 3_600_000;
const nobody = { username: '', password: '' };
const targetOf = (engine: Engine): EngineTarget => ({
  url: engine.url,
  index: engine.index,
  account: nobody,
  agentAccount: nobody,
  ca: undefined,
});

type Document = Parameters<AnyLog['write']>[1][number];

interface EngineLog extends AnyLog {
  readonly engine: Engine;
  readonly store: LogStore;
  readonly told: string[];
  /** Asks without a refresh before. */
  plainly(query?: Partial<LogQuery>): ReturnType<LogStore['query']>;
  /** Answers the store's notes in the index. */
  notes(): Promise<{ oldest: number; marks: [number, number][] }>;
}

interface Rig {
  readonly retention?: { readonly days?: number; readonly bytes?: number };
  /** Mappings of an index that somebody else has made. */
  readonly made?: object;
}

/** A store on an index of its own; documents come as an agent sends them. */
async function openLog({ retention = {}, made }: Rig = {}): Promise<EngineLog> {
  const engine = new Engine(url ?? '');
  if (made) await engine.create(made);
  const told: string[] = [];
  const options = { target: targetOf(engine), retention, clock: systemClock };
  const store = await openElasticLog({ ...options, tell: (_, message) => told.push(message) });
  const plainly = (query: Partial<LogQuery> = {}) => store.query({ ...everything, ...query });
  const ask = async (query: Partial<LogQuery> = {}) => {
    await engine.call('POST', `/${engine.index}/_refresh`);
    return plainly(query);
  };
  return {
    engine,
    store,
    told,
    plainly,
    ask,
    messages: async (query) => (await ask(query)).records.map(({ message }) => message),
    async write(clusterId, documents) {
      for (let at = 0; at < documents.length; at += 5000) {
        await engine.bulk(documents.slice(at, at + 5000).map((one) => asSent(clusterId, one)));
      }
    },
    async notes() {
      const answer = (await engine.call('GET', `/${engine.index}/_mapping`)) as Record<string, never>;
      // biome-ignore lint/suspicious/noExplicitAny: an answer of the engine
      return (answer as any)[engine.index].mappings._meta.ecp;
    },
    async close() {
      await store.close();
      await engine.remove();
    },
  };
}

function asSent(
  clusterId: string,
  { time = start, level = 'info', node = 'n1', dataset = 'emqx.log', message = 'x' }: Document,
) {
  return {
    '@timestamp': new Date(time).toISOString().replace('Z', '456+00:00'),
    'log.level': level,
    'event.dataset': dataset,
    'service.node.name': node,
    'labels.cluster_id': clusterId,
    message,
  };
}

const numbered = (count: number, more: Document = {}): Document[] =>
  Array.from({ length: count }, (_, at) => ({ time: start + at, message: `line ${at}`, ...more }));

describe.skipIf(!url)('the log in a search engine', () => behavesAsLog(openLog, 15));

describe.skipIf(!url)('the log in an index that finds no substrings', () => {
  const plain = {
    properties: Object.fromEntries(['log.level', 'service.node.name', 'labels.cluster_id'].map(keyword)),
  };
  behavesAsLog(
    () => openLog({ made: { ...plain, properties: { ...plain.properties, '@timestamp': { type: 'date' } } } }),
    5,
  );
  function keyword(name: string) {
    return [name, { type: 'keyword' }];
  }
});

describe.skipIf(!url)('the log in a search engine alone', () => {
  let log: EngineLog;
  afterEach(() => log.close());

  it('shows a follower every record once while many write at the same time', async () => {
    log = await openLog();
    const seen: string[] = [];
    let cursor = '';
    const read = async () => {
      const { records } = await log.plainly({ cursor });
      seen.push(...records.map(({ message }) => message));
      cursor = records.at(-1)?.cursor ?? cursor;
      return records.length;
    };
    let writing = true;
    const writers = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let round = 0; round < 12; round++) {
          await log.write(
            'one',
            numbered(1 + ((writer * 7 + round) % 20)).map((_one, at) => ({ message: `${writer}.${round}.${at}` })),
          );
        }
      }),
    ).finally(() => {
      writing = false;
    });
    while (writing) await read();
    await writers;
    while ((await read()) > 0);
    const all: string[] = [];
    for (let offset = 0; all.length === offset; offset += 100)
      all.push(...(await log.messages({ cursor: '', offset })));
    expect(seen).toEqual(all);
    expect(new Set(seen).size).toBe((await log.ask({ cursor: '' })).total);
  });

  it('is paged beyond ten thousand from either end', async () => {
    log = await openLog();
    await log.write('one', numbered(25_000));
    expect((await log.ask()).total).toBe(10_000);
    expect(await log.messages({ offset: 21_000, size: 2 })).toEqual(['line 21000', 'line 21001']);
    expect(await log.messages({ offset: 24_999, size: 2, descending: true })).toEqual(['line 0']);
    expect(await log.messages({ cursor: '', offset: 12_000, size: 1 })).toEqual(['line 12000']);
    expect(await log.messages({ cursor: '', offset: 24_999, size: 10 })).toEqual(['line 24999']);
    expect(await log.messages({ cursor: '', offset: 25_000, size: 10 })).toEqual([]);
  });

  it('finds a text at the end of a very long message', async () => {
    log = await openLog();
    await log.write('one', [{ message: `${'词语 and words '.repeat(8000)}END of it` }, { message: 'short' }]);
    expect((await log.ask({ text: 'end OF' })).total).toBe(1);
  });

  it('drops what a deleted cluster has left, and no other', async () => {
    log = await openLog();
    await log.write('one', numbered(30));
    await log.write('two', numbered(10));
    await log.ask();
    await log.store.dropCluster('one');
    expect((await log.ask()).total).toBe(0);
    expect((await log.ask({ clusterIds: ['two'] })).total).toBe(10);
  });

  it('keeps by the day of arrival, tells a follower of the hole, and has its notes in the index', async () => {
    log = await openLog({ retention: { days: 2 } });
    let now = start;
    await log.store.retain?.(now);
    await log.write('one', [{ time: 0, message: 'from 1970' }, { message: 'old' }]);
    const { records } = await log.ask({ cursor: '' });
    now += 1.5 * day;
    await log.store.retain?.(now);
    await log.write('one', [{ time: start - 90 * day, message: 'read late' }]);
    await log.store.retain?.(now);
    expect(await log.messages({ cursor: '' })).toEqual(['from 1970', 'old', 'read late']);
    now += 0.6 * day;
    await log.store.retain?.(now);
    expect(await log.messages({ cursor: '' })).toEqual(['from 1970', 'old', 'read late']);
    now += 1.5 * day;
    await log.store.retain?.(now);
    expect(await log.messages({ cursor: '' })).toEqual(['read late']);
    expect((await log.notes()).oldest).toBe(2);
    await expect(log.ask({ cursor: records[0]?.cursor })).rejects.toMatchObject({ code: 'conflict' });
    // Nothing is missing behind the last of the old ones.
    expect(await log.messages({ cursor: records[1]?.cursor ?? '' })).toEqual(['read late']);
    // Another server on the same index goes on with the same notes.
    const told = () => {};
    const next = await openElasticLog({ target: targetOf(log.engine), retention: {}, clock: systemClock, tell: told });
    await expect(next.query({ ...everything, cursor: records[0]?.cursor })).rejects.toMatchObject({ code: 'conflict' });
    await next.close();
  });

  it('keeps near a number of bytes, the newest', async () => {
    const bytes = 300_000;
    log = await openLog({ retention: { bytes } });
    for (let round = 0; round < 4; round++) {
      await log.write(
        'one',
        numbered(1500).map((one, at) => ({
          ...one,
          message: `${round} ${at} ${Math.random()} ${'x'.repeat(at % 300)}`,
        })),
      );
      await log.engine.call('POST', `/${log.engine.index}/_flush`);
    }
    const before = (await log.ask({ cursor: '' })).total;
    await log.store.retain?.(start);
    const { total, records } = await log.ask({ cursor: '' });
    expect(before).toBe(6000);
    expect(total).toBeLessThan(before);
    expect(total).toBeGreaterThan(100);
    expect(records[0]?.message).not.toMatch(/^0 0 /);
    expect(await log.messages({ text: '3 1499 ' })).toHaveLength(1);
    expect((await log.notes()).oldest).toBe(before - total);
  });

  it('leaves all it is not told to delete', async () => {
    log = await openLog();
    await log.write('one', numbered(3));
    await log.store.retain?.(start + 4000 * day);
    expect((await log.ask()).total).toBe(3);
  });

  it('begins anew with an index that was deleted, and says so to a follower', async () => {
    log = await openLog({ retention: { days: 1 } });
    await log.write('one', numbered(3));
    const { cursor } = (await log.ask()).records[0] ?? { cursor: '' };
    await log.engine.remove();
    expect(await log.plainly()).toEqual({ total: 0, records: [] });
    await expect(log.plainly({ cursor })).rejects.toMatchObject({ code: 'conflict' });
    await log.store.retain?.(start);
    await log.write('one', [{ message: 'anew' }]);
    expect(await log.messages({ cursor: '' })).toEqual(['anew']);
    await expect(log.plainly({ cursor })).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each([
    ['more than one shard', { settings: { number_of_shards: 2 } }, /has 2 shards/],
    ['a field of another type', { mappings: { properties: { 'log.level': { type: 'text' } } } }, /as keyword|as date/],
  ])('refuses an index with %s', async (_, made, words) => {
    log = await openLog();
    const other = new Engine(url ?? '');
    await other.call('PUT', `/${other.index}`, made);
    const opening = openElasticLog({ target: targetOf(other), retention: {}, clock: systemClock, tell: () => {} });
    await expect(opening).rejects.toMatchObject({ code: 'unusable_path', message: expect.stringMatching(words) });
    await other.remove();
  });
});
