import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ended } from './process.ts';
import { killAll, launch, start } from './process.ts';
import { adminPassword, firstProject, taskEnd } from './support.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ecp-process-'));
  writeFileSync(join(home, 'password'), `${adminPassword}\n`);
});
afterEach(() => {
  killAll();
  rmSync(home, { recursive: true, force: true });
});

const state = () => join(home, 'state');
const withState = () => [
  '--data-dir',
  state(),
  '--admin-password-file',
  join(home, 'password'),
  '--ready-file',
  ready(),
];
const ready = () => join(home, 'ready.json');

test('what was acknowledged is there after kill -9, and a task under way goes on', async () => {
  const first = await start(home, ready(), ...withState(), '--fault', '*=600ms');
  const project = await firstProject(first.admin);
  const { body } = await first.admin('POST', `${project}/deployments`, { form: { deployName: 'kept', desc: '保留' } });
  expect(body.data.status).toBe(1);
  first.child.kill('SIGKILL');
  await first.ended;
  rmSync(ready());

  const second = await start(home, ready(), ...withState());
  const { id, taskId } = body.data;
  expect(await taskEnd(second.admin, taskId)).toMatchObject({ status: 3, deploy_id: id });
  const kept = await second.admin('GET', `${project}/deployments/${id}`);
  expect(kept.body.data).toMatchObject({ deployName: 'kept', desc: '保留', status: 4, replicas: 3 });
  second.child.kill('SIGTERM');
  expect(await second.ended).toMatchObject({ code: 0, stdout: '' });
  expect(existsSync(ready())).toBe(false);
});

test('told to end in the middle of calls, it brings them to their end and has nothing to complain of', async () => {
  const { child, ended, admin } = await start(home, ready(), ...withState());
  const project = await firstProject(admin);
  const working = Promise.all(
    Array.from({ length: 10 }, async (_, client) => {
      try {
        for (;;) {
          const form = { name: `x${client}` };
          const { status } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form });
          // Full, or refused because the server ends: both are answers.
          expect([200, 409, 503]).toContain(status);
        }
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGTERM');
  const end = await ended;
  await working;
  expect(end.code).toBe(0);
  expect(end.stderr).toMatch(/^ECP at \S+, MQTT at \S+\n$/);
});

test('a password that was made is shown once, and none after', async () => {
  const args = ['--data-dir', state(), '--ready-file', ready()];
  const ends: Ended[] = [];
  for (let round = 0; round < 2; round++) {
    const { child, ended } = launch(home, ...args);
    while (!existsSync(ready()) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGTERM');
    ends.push(await ended);
  }
  expect(ends[0]?.stderr).toMatch(/password of "admin", shown this once: \w{20}\n/);
  expect(ends[1]?.stderr).not.toMatch(/password/);
});

test('a damaged state is one clear line, exit 78, and stays as it is', async () => {
  const { child, ended } = await start(home, ready(), ...withState());
  child.kill('SIGTERM');
  await ended;
  const path = join(state(), 'state.db');
  const torn = Buffer.from(readFileSync(path)).fill(0x5a, 4096, 8192);
  writeFileSync(path, torn);
  const files = readdirSync(state());
  const end = await launch(home, ...withState()).ended;
  expect(end.code).toBe(78);
  expect(end.stderr).toMatch(/^error: the state in .*state\.db is damaged: .*\nhint: .*\n$/);
  expect(readFileSync(path).equals(torn)).toBe(true);
  expect(readdirSync(state())).toEqual(files);
});

test('one directory has one server, one address too', async () => {
  const { child, ended } = await start(home, ready(), ...withState());
  const second = await launch(home, '--data-dir', state()).ended;
  expect(second).toMatchObject({ code: 78, stderr: expect.stringMatching(/another server is using it/) });
  const address = new URL(JSON.parse(readFileSync(ready(), 'utf8')).url).host;
  const third = await launch(home, '--ephemeral', '--listen', address).ended;
  expect(third).toMatchObject({ code: 78, stderr: expect.stringMatching(/the address is in use/) });
  child.kill('SIGTERM');
  await ended;
});

test.each([
  [['--ephemeral', '--data-dir', 'x'], 2, /exclude each other/],
  [['--fault', 'scale=soon'], 2, /"soon" is neither a duration nor/],
  [['--data-dir', '/dev/null/state'], 78, /cannot use/],
])('%j ends with %i and says why', async (args, code, words) => {
  const end = await launch(home, ...args).ended;
  expect(end.stderr).toMatch(words);
  expect(end.code).toBe(code);
  expect(end.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
});
