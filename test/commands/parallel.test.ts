import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { json, localServer } from '../api/local-server.ts';

const bin = fileURLToPath(new URL('../../bin/ecpctl.js', import.meta.url));

function ecpctl(directory: string, ...args: string[]) {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { PATH: process.env.PATH, ECP_CONFIG_DIR: directory, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
}

/** A server whose refresh tokens count once: a second use ends the session, as a careful server does. */
async function rotatingServer() {
  let access = 'a1';
  let refresh = 'r1';
  const uses: string[] = [];
  const server = await localServer((request, response) => {
    if (request.url === '/api/account/token/refresh') {
      const { refreshToken } = JSON.parse(request.body) as { refreshToken: string };
      uses.push(refreshToken);
      if (refreshToken !== refresh) return json(response, 401, { code: 1, message: 'used before' });
      access = `a${uses.length + 1}`;
      refresh = `r${uses.length + 1}`;
      return json(response, 200, {
        accessToken: access,
        refreshToken: refresh,
        tokenType: 'Bearer',
        expiresIn: 1,
        refreshExpiresIn: 9,
      });
    }
    if (request.headers.authorization !== `Bearer ${access}`) return json(response, 401, { code: 1, message: 'old' });
    if (request.url === '/api/orgs/names') return json(response, 200, { data: [] });
    return json(response, 404, { code: 1, message: 'unknown' });
  });
  return { ...server, uses };
}

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
  const runs = await Promise.all(Array.from({ length: 6 }, () => ecpctl(directory, 'org', 'list', '-o', 'json')));
  for (const { code, stdout, stderr } of runs) expect([code, stdout, stderr]).toEqual([0, '[]\n', '']);
  expect(server.uses).toEqual(['r1']);
  expect(JSON.parse(readFileSync(tokens, 'utf8'))).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
  expect(existsSync(`${tokens}.lock`)).toBe(false);
  expect(readdirSync(join(directory, 'tokens'))).toEqual(['a.json']);
});
