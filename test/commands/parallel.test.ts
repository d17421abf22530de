import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ecpctl } from '../support/ecpctl.ts';
import { rotatingServer } from './rotating-server.ts';

test('processes that run at once share one renewal, and none is thrown out', async () => {
  const server = await rotatingServer();
  const directory = mkdtempSync(join(tmpdir(), 'ecpctl-parallel-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'tokens'));
  writeFileSync(
    join(directory, 'config.json'),
    JSON.stringify({ currentContext: 'a', contexts: { a: { url: server.url } } }),
  );
  const tokens = join(directory, 'tokens', 'a.json');
  writeFileSync(tokens, JSON.stringify({ url: server.url, accessToken: 'expired', refreshToken: 'r1' }));
  const runs = await Promise.all(
    Array.from({ length: 6 }, () => ecpctl({ ECP_CONFIG_DIR: directory }, ['org', 'list', '-o', 'json'])),
  );
  for (const { code, stdout, stderr } of runs) expect([code, stdout, stderr]).toEqual([0, '[]\n', '']);
  expect(server.uses).toEqual(['r1']);
  expect(JSON.parse(readFileSync(tokens, 'utf8'))).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
  expect(existsSync(`${tokens}.lock`)).toBe(false);
  expect(readdirSync(join(directory, 'tokens'))).toEqual(['a.json']);
});
