import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProcess } from '../faults/agent-process.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import type { LineFormat } from '../stand-ins/emqx/writer-lines.ts';
import { Engine } from './engine.ts';

const url = process.env.ECP_TEST_ELASTICSEARCH_URL;
if (!url) console.log('skipped: ECP_TEST_ELASTICSEARCH_URL names no engine');

describe.skipIf(!url)('delivery to a real engine', () => {
  let root: string;
  let engine: Engine;
  let agent: AgentProcess;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'engine-'));
    mkdirSync(join(root, 'log'));
    engine = new Engine(url ?? '');
    agent = new AgentProcess({
      root,
      directory: join(root, 'log'),
      sink: { urls: [engine.url], username: '', password: '', indexName: engine.index },
      gzip: true,
    });
  });
  afterEach(async () => {
    await agent.remove();
    await engine.remove();
    rmSync(root, { recursive: true });
  });

  const writer = (format: LineFormat = 'v5-text') =>
    new EmqxLogWriter({ directory: join(root, 'log'), fileBytes: 400_000, files: 8, format });

  async function arrived(count: number): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (let found = await engine.count(); found < count; found = await engine.count()) {
      if (Date.now() > deadline) throw new Error(`${found} of ${count}; ${JSON.stringify(agent.status)}`);
      await sleep(200);
    }
  }

  const numbers = (hits: Awaited<ReturnType<Engine['all']>>) =>
    hits.map(({ _source }) => Number(/seq: (\d{10})/.exec(String(_source.message))?.[1]));

  it.each(['v5-text', 'v5-json', 'v4-text', 'v4-json'] as const)(
    '%s: each line once, in file order, found by level and time',
    async (format) => {
      const log = writer(format);
      log.write(5000);
      await agent.start();
      await arrived(5000);
      expect(numbers(await engine.all())).toEqual(Array.from({ length: 5000 }, (_, at) => at));
      const answer = (await engine.call('POST', `/${engine.index}/_search`, {
        size: 0,
        track_total_hits: true,
        query: {
          bool: {
            filter: [
              { term: { 'log.level': 'error' } },
              { range: { '@timestamp': { gte: '2026-11-20T20:24:36Z', lt: '2026-11-20T20:24:37Z' } } },
            ],
          },
        },
      })) as { hits: { total: { value: number } } };
      expect(answer.hits.total.value).toBe(1000);
      log.close();
    },
  );

  it('killed at will while the broker writes, and its checkpoint lost at the end: no line lost, none doubled', async () => {
    const log = writer();
    for (let round = 0; round < 6; round++) {
      await agent.start();
      for (let step = 0; step < 6; step++) {
        log.write(250);
        await sleep(60);
      }
      await agent.end('SIGKILL');
    }
    await agent.start();
    await arrived(log.seq);
    await agent.end('SIGTERM');
    rmSync(agent.stateDirectory, { recursive: true });
    await agent.start();
    // All of it goes out again, and the engine refuses each line as the double it is.
    for (let waited = 0; (agent.status?.delivered ?? 0) < log.seq; waited++) {
      if (waited > 300) throw new Error(`not all were sent again: ${JSON.stringify(agent.status)}`);
      await sleep(100);
    }
    expect(await engine.count()).toBe(log.seq);
    expect(new Set(numbers(await engine.all())).size).toBe(log.seq);
    log.close();
  });

  it('a record that the mapping refuses goes to the dead letters, alone', async () => {
    await engine.create({
      properties: {
        'log.level': { type: 'keyword' },
        'event.sequence': { type: 'long' },
        'log.offset': { type: 'byte' },
      },
    });
    const log = writer();
    log.write(300);
    await agent.start();
    for (let waited = 0; (agent.status?.delivered ?? 0) + (agent.status?.dead ?? 0) < 300; waited++) {
      if (waited > 300) throw new Error(`not all were judged: ${JSON.stringify(agent.status)}`);
      await sleep(100);
    }
    // Only the first line begins below 128 bytes.
    expect(agent.status).toMatchObject({ delivered: 1, dead: 299 });
    expect(await engine.count()).toBe(1);
    log.close();
  });
});
