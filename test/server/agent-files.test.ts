import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestServer } from './support.ts';
import { testServer } from './support.ts';

let server: TestServer;
let dir: string;
const agent = Buffer.from('#!/bin/sh\necho emqxee-agent 9.9.9\n');
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agents-'));
  for (const name of ['files', 'to']) mkdirSync(join(dir, name));
  for (const arch of ['amd64', 'arm64']) {
    writeFileSync(join(dir, `files/emqxee-agent-linux-${arch}`), agent);
    writeFileSync(join(dir, `files/emqxee-agent-linux-${arch}.gz`), gzipSync(agent));
  }
  const script = readFileSync(join(import.meta.dirname, '../../scripts/install.sh'));
  writeFileSync(join(dir, 'files/install.sh'), script);
  writeFileSync(join(dir, 'files/notes.txt'), 'private');
  server = await testServer({ agentsDirectory: join(dir, 'files') });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true });
});

test('the sums are those of the files that are there', async () => {
  const { body } = await server.call('GET', '/api/x/agents/SHA256SUMS');
  const sum = createHash('sha256').update(agent).digest('hex');
  expect(body).toBe(`${sum}  emqxee-agent-linux-amd64\n${sum}  emqxee-agent-linux-arm64\n`);
});

test.each(['notes.txt', 'emqxee-agent-linux-arm', '..%2Fto', '%2e%2e%2ffiles%2fnotes.txt', 'SHA256SUMS%00'])(
  'does not hand out %s',
  async (name) => {
    expect((await server.call('GET', `/api/x/agents/${name}`)).status).toBe(404);
  },
);

test('one line installs the agent from here', async (context) => {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) context.skip('not Linux');
  const from = `${server.url}/api/x/agents`;
  const line = `curl -fsSL ${from}/install.sh | sh -s -- --from ${from} --to ${join(dir, 'to')}`;
  const { stderr } = await promisify(execFile)('sh', ['-c', line]);
  expect(stderr).toContain('(emqxee-agent 9.9.9)');
  expect(readFileSync(join(dir, 'to/emqxee-agent')).equals(agent)).toBe(true);
});
