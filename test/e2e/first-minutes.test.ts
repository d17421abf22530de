import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from './site.ts';

const folder = mkdtempSync(join(tmpdir(), 'ecp-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The lines of the README that a newcomer types, on ports that are free here. */
async function lines(): Promise<string> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```sh first-minutes\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');
  expect(blocks.length).toBeGreaterThan(3);
  const [http, mqtt] = [await freePort(), await freePort()];
  return blocks
    .join('')
    .replace('ecpctl server', `ecpctl server --listen 127.0.0.1:${http} --mqtt-listen 127.0.0.1:${mqtt}`)
    .replaceAll('127.0.0.1:8082', `127.0.0.1:${http}`);
}

it('the first ten minutes of the README work as they stand', async () => {
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'home'));
  for (const name of ['ecpctl', 'emqxee-agent']) symlinkSync(join(root, `bin/${name}.js`), join(folder, 'bin', name));
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    HOME: join(folder, 'home'),
    LANG: 'C.UTF-8',
    ECPCTL_KEYRING: 'off',
  };
  // What breaks off leaves nothing running.
  const tidy = `trap 'emqxee-agent stop --home "$PWD/agent"; kill $(jobs -p)' ERR`;
  const script = `set -eu\n${tidy}\n${await lines()}wait\n`;
  const bash = spawn('bash', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [bash.stdout, bash.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(bash, 'close');
  expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
  expect(said).toMatch(/^plant-1 .* Running .* 5 /m);
  expect(said).toMatch(/warning .* msg: something_happened/);
  expect(said).toContain('plant-1 is deleted.');
}, 90_000);
