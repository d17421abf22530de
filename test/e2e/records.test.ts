import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectedRecords } from './expected-records.ts';
import { root, Site } from './site.ts';
import { startTap } from './tap.ts';

const samples = join(root, '../shared/contract/emqx-log-samples');
const real = join(root, '../shared/emqx-real/logs');
const missing = [samples, real].find((folder) => !existsSync(folder));
if (missing) console.log(`Skipped: ${missing} is not here.`);

/** What a real EMQX wrote: folder, set, its files from the oldest to the newest, its name here. */
const sets = [
  { folder: 'v5.8.6-1MBx5', set: 'text.log', order: [5, 1, 2, 3, 4], as: 'real-v5-text.log' },
  { folder: 'v5.8.6-1MBx5', set: 'json.log', order: [5, 1, 2, 3, 4], as: 'real-v5-json.log' },
  { folder: 'v4.4.19/text-256KBx4', set: 'emqx.log', order: [1, 2, 3, 4], as: 'real-v4-text.log' },
  { folder: 'v4.4.19/json-256KBx4', set: 'emqx.log', order: [2, 3, 4, 1], as: 'real-v4-json.log' },
] as const;

describe.skipIf(missing)('through real processes of server and agent', () => {
  const site = new Site();
  let tap: Awaited<ReturnType<typeof startTap>>;
  beforeAll(async () => {
    tap = await startTap();
    await site.open(tap.url);
    tap.passTo(site.server.url);
  }, 60_000);
  afterAll(async () => {
    await site.close();
    tap.close();
  });

  it('every record of every file arrives once, in file order, with its time and level', async () => {
    const logs = join(site.folder, 'log');
    const expected = new Map<string, ReturnType<typeof expectedRecords>>();
    const joined = await site.join('plant-1', logs);
    await joined.agent('stop');
    for (const name of readdirSync(samples)) {
      copyFileSync(join(samples, name), join(logs, name));
      expected.set(name, expectedRecords(readFileSync(join(samples, name), 'utf8')));
    }
    for (const { folder, set, order, as } of sets) {
      const from = join(real, folder);
      for (const name of readdirSync(from)) {
        if (name.startsWith(`${set}.`)) copyFileSync(join(from, name), join(logs, name.replace(set, as)));
      }
      const texts = order.map((number) => readFileSync(join(from, `${set}.${number}`), 'utf8'));
      expected.set(as, texts.flatMap(expectedRecords));
    }
    const count = [...expected.values()].flat().length;
    expect(count).toBeGreaterThan(20_000);
    await joined.agent('start');
    await joined.delivered(count);

    // What the server has; its own order is that of arrival, and two requests may overtake each other.
    const found = await site.records(joined.id);
    expect(found).toHaveLength(count);
    expect(new Set(found.map(({ cursor }) => cursor)).size).toBe(count);
    for (const [name, records] of expected) {
      const dataset = `emqx.${name.replace(/\.log$/, '')}`;
      const mine = found.filter(({ category }) => category === dataset);
      expect(mine.map(timeAndLevel).sort(), name).toEqual(records.map(timeAndLevel).sort());

      // The order of the file travels with each record.
      const sent = tap.documents.filter((document) => document['event.dataset'] === dataset);
      const inOrder = sent.sort((a, b) => Number(a['event.sequence']) - Number(b['event.sequence']));
      const travelled = inOrder.map((document) => ({
        time: Date.parse(String(document['@timestamp'])),
        level: String(document['log.level']),
      }));
      expect(travelled, name).toEqual(records);
    }
    expect((await joined.status()).logs).toMatchObject({ delivered: count, dead: 0, lost: 0, lostBytes: 0 });
  }, 90_000);
});

const timeAndLevel = ({ time, level }: { time: number; level: string }) => `${time} ${level}`;
