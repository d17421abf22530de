import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ecp, Running } from './ecp.ts';
import { startEcp } from './ecp.ts';

let ecp: Ecp;
beforeAll(async () => {
  ecp = await startEcp();
  await ecp.json(['create', 'plant-north', '--wait']);
  await ecp.json(['create', 'plant-south', '--wait']);
  await ecp.json(['register', 'line-7']);
});
afterAll(() => ecp.stop());

const on = (...args: string[]) => ecp.begin([...args, '--color', 'never'], { terminal: 100 });

async function answer(running: Running, question: string, keys: string): Promise<void> {
  await running.until(question, running.stderr);
  running.type(keys);
}

test('login asks for what is missing, and the password is not shown', async () => {
  const login = on('login', '--url', ecp.server.url, '--context', 'typed');
  await answer(login, 'User name', '\r');
  await answer(login, 'Password', 'correct horse 1\r');
  const { code, stdout, stderr } = await login.ended;
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('as admin');
  expect(stderr).not.toContain('correct horse');
});

test('a cluster is picked from a list that narrows while typing', async () => {
  const get = on('get');
  await answer(get, 'Which cluster?', 'south');
  await new Promise((resolve) => setTimeout(resolve, 100));
  get.type('\r');
  const { code, stdout } = await get.ended;
  expect(code).toBe(0);
  expect(stdout).toContain('plant-south');
});

test('a deletion wants the name typed, and another name does nothing', async () => {
  const wrong = on('delete', 'plant-south');
  await answer(wrong, 'type the name "plant-south"', 'plant-north\r');
  expect((await wrong.ended).code).toBe(2);
  const right = on('delete', 'plant-south');
  await answer(right, 'type the name "plant-south"', 'plant-south\r');
  // On a terminal it is waited for without being asked.
  const { code, stderr } = await right.ended;
  expect(code).toBe(0);
  expect(stderr).toContain('plant-south is deleted');
  expect((await ecp.run(['get', 'plant-south'])).code).toBe(4);
});

test('an interrupting change is asked for, and no is no', async () => {
  const stop = on('stop', 'plant-north');
  await answer(stop, 'go on?', 'n\r');
  expect((await stop.ended).code).toBe(130);
  expect(await ecp.json(['status', 'plant-north'])).toMatchObject({ xStatus: 'running' });
});

test('Ctrl-C at a question ends it with nothing done', async () => {
  const stop = on('stop', 'plant-north');
  await stop.until('go on?', stop.stderr);
  stop.kill('SIGINT');
  expect((await stop.ended).code).toBe(130);
  expect(await ecp.json(['status', 'plant-north'])).toMatchObject({ xStatus: 'running' });
});

test('where no terminal is, nothing is asked', async () => {
  for (const [args, word] of [
    [['get'], 'CLUSTER'],
    [['create'], 'NAME'],
    [['stop', 'plant-north'], '--yes'],
    [['delete', 'plant-north'], '--confirm plant-north'],
    [['transfer', 'plant-north'], '--to-project'],
    [['upgrade', 'plant-north'], '--image'],
    [['login', '--url', 'http://x'], '--username'],
  ] as const) {
    const { code, stdout, stderr } = await ecp.run([...args]);
    expect([code, stdout], args.join(' ')).toEqual([2, '']);
    expect(stderr).toContain(word);
  }
});

test('register asks for the name, and scale for the number of nodes', async () => {
  const register = on('register');
  await answer(register, 'Name of the cluster', 'line-typed\r');
  expect(await register.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('register --url') });
  const scale = on('scale', 'plant-north');
  await answer(scale, 'How many nodes? There are 3', '5');
  await scale.until('❯ 5', scale.stderr);
  scale.type('\r');
  expect((await scale.ended).code).toBe(0);
  expect(await ecp.json(['get', 'plant-north'])).toMatchObject({ replicas: 5 });
});
