import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/contract/logs.ts';
import { Site } from '../e2e/site.ts';
import { until } from '../e2e/stage.ts';
import { Engine } from './engine.ts';

const url = process.env.ECP_TEST_ELASTICSEARCH_URL;
if (!url) console.log('skipped: ECP_TEST_ELASTICSEARCH_URL names no engine');

describe.skipIf(!url)('server, agents and a search engine, all of them real', () => {
  const site = new Site();
  const engine = new Engine(url ?? '');
  beforeAll(async () => {
    site.serverArgs.push('--elasticsearch', engine.url, '--elasticsearch-index', engine.index);
    await site.open();
  });
  afterAll(async () => {
    await site.close();
    await engine.remove();
  });

  const line = (at: number, text: string) =>
    `2026-11-20T20:24:${String(10 + (at % 50))}.${String(at).padStart(6, '0')}+00:00 [${at % 10 ? 'info' : 'error'}] ${text} ${at}\n`;
  const search = (name: string, ...more: string[]) => site.json<LogRecord[]>('logs', 'search', name, ...more);
  const found = async (name: string, count: number) => {
    await until(`${count} records of ${name} are found`, async () => (await engine.count()) >= count, 30_000);
  };

  it('show each cluster its own lines, and a deleted one leaves nothing', async () => {
    const one = await site.join('plant-1');
    const two = await site.join('plant-2');
    const lines = Array.from({ length: 500 }, (_, at) => line(at, at % 100 ? 'client_connected' : '客户端连接失败'));
    writeFileSync(join(one.logs, 'emqx.log.1'), lines.join(''));
    writeFileSync(join(two.logs, 'emqx.log.1'), line(1, 'only_of_the_second'));
    await one.delivered(500);
    await two.delivered(1);
    await found('both', 501);
    const of = async (...more: string[]) => (await search('plant-1', ...more)).length;
    expect(await of('--grep', '端连接')).toBe(5);
    expect(await of('--grep', 'CLIENT_connected', '--level', 'error')).toBe(45);
    expect(await of('--grep', 'only_of_the_second')).toBe(0);
    expect((await search('plant-2')).map(({ msg }) => msg)).toEqual(['only_of_the_second 1']);
    // A follower who starts at the beginning sees every line of its cluster once.
    const records = await site.records(one.id);
    expect(records).toHaveLength(500);
    expect(new Set(records.map(({ cursor }) => cursor)).size).toBe(500);

    await one.agent('stop');
    expect(await site.ecpctl('delete', 'plant-1', '--confirm', 'plant-1', '--wait')).toMatchObject({ code: 0 });
    await until('its records are gone', async () => (await engine.count()) === 1, 30_000);
  }, 120_000);
});
