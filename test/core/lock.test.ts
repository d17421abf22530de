import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Failure } from '../../src/core/errors.ts';
import { withLock } from '../../src/core/lock.ts';

const tools = { clock: systemClock, random: Math.random };
let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecpctl-lock-'));
  path = join(directory, 'x.lock');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('one at a time, and nothing is left behind', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await systemClock.sleep(3);
    inside--;
  };
  await Promise.all(Array.from({ length: 15 }, () => withLock(path, work, tools)));
  expect(most).toBe(1);
  expect(readdirSync(directory)).toEqual([]);
});

test('is given back where the work fails', async () => {
  const broken = withLock(path, () => Promise.reject(new Error('broken')), tools);
  await expect(broken).rejects.toThrow('broken');
  expect(existsSync(path)).toBe(false);
});

test('what a killed process held is taken over', async () => {
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const { hostname } = await import('node:os');
  writeFileSync(path, JSON.stringify({ pid: holder.pid, host: hostname(), nonce: 'x' }));
  const abort = new AbortController();
  const waiting = withLock(path, async () => 'mine', tools, abort.signal);
  await systemClock.sleep(150);
  // Alive: nobody takes it away.
  expect(readFileSync(path, 'utf8')).toContain(String(holder.pid));
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
  expect(await waiting).toBe('mine');
});

test('waiting ends with the signal', async () => {
  const abort = new AbortController();
  await withLock(
    path,
    async () => {
      const waiting = withLock(path, async () => 'never', tools, abort.signal);
      abort.abort(new Failure('interrupted'));
      await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    },
    tools,
  );
});

test('a holder that does not let go, on another machine, is waited for and then given up', async () => {
  let now = Date.now();
  // A clock that runs a minute with each sleep; the lock is always fresh.
  const clock = {
    now: () => Date.now(),
    monotonic: () => now,
    sleep: async () => {
      now += 60_000;
    },
  };
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'x' }));
  await expect(withLock(path, async () => 'never', { clock, random: Math.random })).rejects.toMatchObject({
    code: 'unusable_path',
  });
});
