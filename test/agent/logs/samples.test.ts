import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { levels } from '../../../src/core/levels.ts';
import { Rig, until } from './rig.ts';

const base = [new URL('../../../../shared/', import.meta.url).pathname].find((path) => existsSync(path));
if (base === undefined) console.log('skipped: the folder with real EMQX logs (../shared) is not here');

/** What a reader of our own, made of strings, finds in a file: time in milliseconds and level of each record. */
function expected(text: string, isJson: boolean): { time: number; level: string; line: string }[] {
  const records: { time: number; level: string; line: string }[] = [];
  for (const line of text.split('\n')) {
    if (isJson && line !== '') {
      const { time, level } = JSON.parse(line) as { time: number | string; level: string };
      records.push({ time: typeof time === 'number' ? Math.floor(time / 1000) : Date.parse(time), level, line });
      continue;
    }
    const match = /^(\S+) \[(\w+)\] /.exec(line);
    if (!match) continue;
    const [, time = '', level = ''] = match;
    records.push({ time: /^\d{16}$/.test(time) ? Math.floor(Number(time) / 1000) : Date.parse(time), level, line });
  }
  return records;
}

describe.skipIf(base === undefined)('what real EMQX wrote', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.sink.start();
  });
  afterEach(() => rig.end());

  async function check(set: string, files: readonly string[]): Promise<void> {
    const records = files.flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      return expected(text, text.startsWith('{'));
    });
    const mine = () =>
      rig.sink.kept
        .filter(({ document }) => String(document['log.file.path']).includes(`/${set}`))
        .sort((a, b) => Number(a.document['event.sequence']) - Number(b.document['event.sequence']));
    await until(
      () => mine().length >= records.length,
      () => `${set}: ${mine().length} of ${records.length}`,
    );
    const got = mine().map(({ document }) => ({
      time: Date.parse(String(document['@timestamp'])),
      level: document['log.level'],
    }));
    expect(got).toEqual(records.map(({ time, level }) => ({ time, level })));
    for (const { document } of mine()) {
      expect(levels).toContain(document['log.level']);
      expect(String(document.message).length).toBeGreaterThan(0);
    }
  }

  const samples = base === undefined ? [] : readdirSync(join(base, 'contract/emqx-log-samples'));
  it('arrives once, in order, with time and level: the samples of each formatter', async () => {
    for (const name of samples)
      copyFileSync(join(base ?? '', 'contract/emqx-log-samples', name), join(rig.directory, name));
    rig.start();
    for (const name of samples) await check(name, [join(rig.directory, name)]);
    expect(rig.sink.oracle.conflicts).toBe(0);
  });

  const sets = [
    { directory: 'v5.8.6-1MBx5', set: 'text.log', order: [5, 1, 2, 3, 4] },
    { directory: 'v5.8.6-1MBx5', set: 'json.log', order: [5, 1, 2, 3, 4] },
    { directory: 'v4.4.19/text-256KBx4', set: 'emqx.log', order: [1, 2, 3, 4] },
    { directory: 'v4.4.19/json-256KBx4', set: 'emqx.log', order: [2, 3, 4, 1] },
  ];
  it.each(sets)('arrives once, in the order of the ring, with time and level: $directory $set', async (entry) => {
    const from = join(base ?? '', 'emqx-real/logs', entry.directory);
    for (const name of readdirSync(from)) copyFileSync(join(from, name), join(rig.directory, name));
    rig.start({ include: [entry.set] });
    await check(
      entry.set,
      entry.order.map((number) => join(from, `${entry.set}.${number}`)),
    );
    expect(rig.sink.oracle.conflicts).toBe(0);
  });
});
