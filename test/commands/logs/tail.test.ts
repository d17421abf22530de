import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testServer } from '../../server/support.ts';
import type { Ecp } from '../ecp.ts';
import { startEcp } from '../ecp.ts';
import type { Shipper } from './shipper.ts';
import { shipper } from './shipper.ts';

const t0 = Date.UTC(2026, 0, 31, 8);
const numbered = (from: number, to: number, word = 'line') =>
  Array.from({ length: to - from }, (_, at) => ({ message: `${word} ${from + at}`, time: t0 + (from + at) * 1000 }));

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('a server with cursors', () => {
  let ecp: Ecp;
  let ship: Shipper;
  beforeAll(async () => {
    ecp = await startEcp();
    const { registrationToken } = await ecp.json<{ registrationToken: string }>(['register', 'line-7']);
    ship = await shipper(ecp.server, registrationToken, 'machine-a');
    await ship(numbered(0, 250));
    await ship([
      { message: '连接断开\nstack 1\nstack 2', time: t0 + 300_000, level: 'error' },
      { message: 'bad \u001b[31mred', time: t0 + 301_000, level: 'critical', node: 'emqx@10.0.0.2' },
    ]);
  });
  afterAll(() => ecp.stop());

  const raw = async (...args: string[]) => {
    const { code, stdout, stderr } = await ecp.run(['logs', 'tail', 'line-7', '--no-follow', '-o', 'raw', ...args]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return lines(stdout);
  };

  test('ten lines by default, as many as asked for, and a whole range', async () => {
    expect(await raw('--until', new Date(t0 + 249_000).toISOString())).toEqual(
      numbered(240, 250).map((one) => one.message),
    );
    expect(await raw('-n', '120', '--until', new Date(t0 + 249_000).toISOString())).toEqual(
      numbered(130, 250).map((one) => one.message),
    );
    const range = ['--since', new Date(t0 + 20_000).toISOString(), '--until', new Date(t0 + 239_500).toISOString()];
    expect(await raw(...range)).toEqual(numbered(20, 240).map((one) => one.message));
    expect(await raw('-n', '0')).toEqual([]);
  });

  test('level, text and node', async () => {
    expect(await raw('--level', 'error')).toEqual(['连接断开', 'stack 1', 'stack 2', 'bad \u001b[31mred']);
    expect(await raw('--grep', 'LINE 24', '-n', '3')).toEqual(['line 247', 'line 248', 'line 249']);
    expect(await raw('--grep', '断开')).toEqual(['连接断开', 'stack 1', 'stack 2']);
    expect(await raw('--node', 'emqx@10.0.0.2')).toEqual(['bad \u001b[31mred']);
  });

  test('where nothing matches, that is said: a silent screen looks like one that hangs', async () => {
    const none = await ecp.run(['logs', 'tail', 'line-7', '--no-follow', '--grep', 'never said']);
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'Nothing found.\n' });
    const following = ecp.begin(['logs', 'tail', 'line-7', '--grep', 'never said']);
    await following.until('waiting for what comes', following.stderr);
    following.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
  });

  test('several clusters stand in line, Chinese names counted twice', async () => {
    await ecp.json(['register', '线路七号']);
    const { stdout } = await ecp.run(['logs', 'tail', 'line-7', '线路七号', '--no-follow', '-n', '1']);
    // 线路七号 takes eight columns, and two stand between.
    expect(stdout).toMatch(/^line-7 {4}2026/);
  });

  test('text is safe for a terminal, ndjson is for a script', async () => {
    const text = await ecp.run(['logs', 'tail', 'line-7', '--no-follow', '-n', '2']);
    expect(text.stdout).not.toContain('\u001b');
    expect(text.stdout).toContain('error    ');
    expect(text.stdout).toContain('\n    stack 1\n    stack 2\n');
    const { stdout } = await ecp.run(['logs', 'tail', 'line-7', '--no-follow', '-n', '2', '-o', 'ndjson']);
    expect(lines(stdout).map((line) => JSON.parse(line))).toMatchObject([
      { time: t0 + 300_000, level: 'error', xCluster: 'line-7' },
      { level: 'critical', node: 'emqx@10.0.0.2' },
    ]);
  });

  test('logs search finds the newest that match', async () => {
    const found = await ecp.json<{ msg: string }[]>(['logs', 'search', 'line-7', '--grep', 'line 1', '--limit', '2']);
    expect(found.map((one) => one.msg)).toEqual(['line 198', 'line 199']);
    expect(await ecp.json(['logs', 'search', 'line-7', '--grep', 'nowhere'])).toEqual([]);
  });

  test('several clusters are merged in order of time', async () => {
    const { registrationToken } = await ecp.json<{ registrationToken: string }>(['register', 'line-8']);
    const other = await shipper(ecp.server, registrationToken, 'machine-b');
    await other(numbered(0, 130, 'other').map((one) => ({ ...one, time: one.time + 500 })));
    const { stdout } = await ecp.run([
      'logs',
      'tail',
      'line-7',
      'line-8',
      '--no-follow',
      '-o',
      'ndjson',
      '--since',
      new Date(t0).toISOString(),
      '--until',
      new Date(t0 + 200_000).toISOString(),
    ]);
    const records = lines(stdout).map((line) => JSON.parse(line) as { time: number; xCluster: string });
    expect(records).toHaveLength(201 + 130);
    expect(records.map((one) => one.time)).toEqual([...records.map((one) => one.time)].sort((a, b) => a - b));
    expect(new Set(records.map((one) => one.xCluster))).toEqual(new Set(['line-7', 'line-8']));
  });

  test('follows until Ctrl-C, over many at once', async () => {
    const tail = ecp.begin(['logs', 'tail', 'line-7', '-n', '1', '-o', 'raw']);
    await tail.until('bad');
    await ship(numbered(1000, 1700, 'new'));
    // Late, older than what was shown before: it arrives now, and so it is news.
    await ship([{ message: 'late', time: t0 - 1000 }]);
    await tail.until('late');
    tail.kill('SIGINT');
    const { code, stdout } = await tail.ended;
    expect(code).toBe(130);
    expect(lines(stdout).slice(1)).toEqual([...numbered(1000, 1700, 'new').map((one) => one.message), 'late']);
  });

  test('what cannot be is said before anything is asked', async () => {
    for (const args of [
      ['--since', 'soon'],
      ['--since', '1h', '--until', '2h'],
      ['--follow', '--until', '1h'],
    ]) {
      expect((await ecp.run(['logs', 'tail', 'line-7', ...args])).code).toBe(2);
    }
    expect((await ecp.run(['logs', 'tail', 'nobody'])).code).toBe(4);
  });
});

test('a server that goes and comes back: nothing twice, nothing lost', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'ecp-data-'));
  const ecp = await startEcp({ dataDirectory });
  try {
    const { registrationToken } = await ecp.json<{ registrationToken: string }>(['register', 'line-7']);
    const ship = await shipper(ecp.server, registrationToken, 'machine-a');
    await ship(numbered(0, 5));
    const tail = ecp.begin(['logs', 'tail', 'line-7', '-o', 'raw']);
    await tail.until('line 4');
    await ship(numbered(5, 10));
    await tail.until('line 9');
    const port = Number(new URL(ecp.server.url).port);
    await ecp.server.stop();
    await tail.until('trying again', tail.stderr);
    const again = await testServer({ dataDirectory, http: { host: '127.0.0.1', port } });
    try {
      const more = await shipper(again, registrationToken, 'machine-c');
      await more(numbered(10, 15));
      await tail.until('line 14');
      tail.kill('SIGTERM');
      const { code, stdout, stderr } = await tail.ended;
      expect(code).toBe(143);
      expect(lines(stdout)).toEqual(numbered(0, 15).map((one) => one.message));
      expect(stderr).toContain('trying again');
      expect(stderr).toContain('connected again');
    } finally {
      await again.stop();
    }
  } finally {
    await ecp.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});
