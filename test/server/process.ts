import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Caller } from './support.ts';
import { adminPassword, caller } from './support.ts';

const program = fileURLToPath(new URL('../../bin/ecpctl.js', import.meta.url));
const children = new Set<ChildProcess>();

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `ecpctl server` as a process of its own, on free ports, with `home` as the only place it knows. */
export function launch(home: string, ...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [program, 'server', '--listen', ':0', '--mqtt-listen', ':0', ...args], {
    env: { PATH: process.env.PATH, HOME: home, LANG: 'C' },
  });
  children.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr })) };
}

/** The same, once it takes calls; the password of its administrator is the tests' own. */
export async function start(home: string, ready: string, ...args: string[]) {
  const { child, ended } = launch(home, ...args);
  for (let turn = 0; !existsSync(ready); turn++) {
    if (turn > 2000 || child.exitCode !== null) throw new Error(`not ready: ${(await ended).stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const file = JSON.parse(readFileSync(ready, 'utf8'));
  expect(file).toEqual({ url: expect.stringMatching(/^http:/), mqtt: expect.stringMatching(/^mqtt:/), pid: child.pid });
  const login = await caller(file.url)('POST', '/api/account/login', {
    json: { username: 'admin', password: adminPassword },
  });
  const admin: Caller = caller(file.url, login.body.accessToken);
  return { child, ended, admin, url: String(file.url) };
}

/** Nothing stays behind, also when a test failed half way. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
}
