import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exit } from '../../src/core/errors.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import { must, Site } from './site.ts';
import type { Done } from './stage.ts';
import { until } from './stage.ts';

const site = new Site();
beforeAll(() => site.open(), 60_000);
afterAll(() => site.close(), 30_000);

/** One clear line, and at most one more with the next step. */
function expectOneLine(done: Done, code: number, says: RegExp): void {
  const lines = done.stderr.trimEnd().split('\n');
  expect(done.stderr).toMatch(says);
  expect({ code: done.code, stdout: done.stdout }).toEqual({ code, stdout: '' });
  expect(lines.filter((line) => line.startsWith('error: '))).toHaveLength(1);
  expect(lines.length).toBeLessThanOrEqual(2);
  expect(done.stderr).not.toMatch(/ at .*:\d+:\d+|undefined|\[object/);
}

const numbers = (messages: readonly { msg: string }[]) =>
  messages.flatMap(({ msg }) => {
    const number = /seq: (\d{10})/.exec(msg)?.[1];
    return number === undefined ? [] : [Number(number)];
  });

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('what a person gets wrong', () => {
  it('an unknown cluster', async () => {
    for (const args of [
      ['get', 'nowhere'],
      ['scale', 'nowhere', '--replicas', '3'],
      ['logs', 'tail', 'nowhere'],
    ]) {
      expectOneLine(await site.ecpctl(...args), exit.notFound, /"nowhere" not found/);
    }
  });

  it('a name of 201 characters', async () => {
    const name = '集'.repeat(201);
    for (const verb of ['create', 'register']) {
      expectOneLine(await site.ecpctl(verb, name), exit.usage, /200/);
    }
    // The server says the same to whoever goes past our own check.
    const form = ['-F', `deployName=${name}`];
    const direct = await site.ecpctl('api', '/api/orgs/{orgId}/projects/{projectId}/deployments', ...form);
    expect(direct.code).toBe(exit.refused);
    expect(direct.stderr).toMatch(/deployName/);
    expect(await site.json('list')).toEqual([]);
  });

  it('0 and 8 nodes', async () => {
    must(await site.ecpctl('create', 'line-1', '--replicas', '3', '--wait'));
    for (const replicas of ['0', '8']) {
      expectOneLine(await site.ecpctl('scale', 'line-1', '--replicas', replicas), exit.usage, /1.*7/);
      expectOneLine(await site.ecpctl('create', 'line-2', '--replicas', replicas), exit.usage, /1.*7/);
      const { id } = await site.json<{ id: string }>('get', 'line-1');
      const path = `/api/orgs/{orgId}/projects/{projectId}/deployments/${id}/scale/${replicas}`;
      const direct = await site.ecpctl('api', '-X', 'POST', path);
      expect({ code: direct.code, replicas }).toEqual({ code: exit.refused, replicas });
    }
    expect(await site.json('list')).toMatchObject([{ deployName: 'line-1', replicas: 3, xStatus: 'running' }]);
    must(await site.ecpctl('delete', 'line-1', '--confirm', 'line-1', '--wait'));
  }, 60_000);

  it('a wrong token', async () => {
    const wrong = await site.stage.run('ecpctl', ['list'], { env: { ECP_TOKEN: 'wrong', ECP_URL: site.server.url } });
    expectOneLine(wrong, exit.notAllowed, /login|logged in|session/);
    expect(wrong.stderr).not.toContain('wrong\n');
    // The login that was there before is still good.
    must(await site.ecpctl('list'));
  });

  it('a wrong registration token: the agent stays where it was', async () => {
    const joined = await site.join('plant-token');
    const before = (await joined.status()).registration;
    const wrong = await joined.register('0'.repeat(32));
    expectOneLine(wrong, exit.notAllowed, /registration token/);
    expect((await joined.status()).registration).toEqual(before);
    must(await joined.agent('stop'));
  }, 60_000);
});

describe('what breaks', () => {
  it('a server that is down, killed in the middle of shipping: nothing lost, nothing doubled', async () => {
    const joined = await site.join('plant-down');
    const writer = new EmqxLogWriter({ directory: joined.logs, fileBytes: 400_000, files: 8, startMs: Date.now() });
    writer.write(500);
    await joined.delivered(100);
    await site.server.stop('SIGKILL');

    expectOneLine(await site.ecpctl('list'), exit.unreachable, /cannot reach/);
    writer.write(2000);
    // Degraded, and it says why.
    await until('the agent notices', async () => (await joined.agent('status')).code === 4);
    await site.startServer();
    writer.write(500);
    await joined.delivered(3000);
    writer.close();
    expect(numbers(await site.records(joined.id)).sort((a, b) => a - b)).toEqual(upTo(3000));
    expect((await joined.status()).logs).toMatchObject({ dead: 0, lost: 0, lostBytes: 0 });
    must(await joined.agent('stop'));
  }, 90_000);

  it('a damaged state file of ecpctl: it is said where, and left as it is', async () => {
    const path = join(site.folder, 'config/config.json');
    const good = readFileSync(path, 'utf8');
    const damaged = good.slice(0, good.length / 2);
    writeFileSync(path, damaged);
    try {
      for (const args of [['list'], ['login', '--url', site.server.url, '--username', 'admin', '--password-stdin']]) {
        expectOneLine(await site.ecpctl(...args), exit.config, /config\.json: line \d+/);
      }
      expect(readFileSync(path, 'utf8')).toBe(damaged);
    } finally {
      writeFileSync(path, good);
    }
    must(await site.ecpctl('list'));
  });

  it('a damaged state file of the server: it does not start, and the file is left as it is', async () => {
    const folder = join(site.folder, 'damaged');
    mkdirSync(folder);
    const names = ['state.db', 'logs.db'];
    for (const name of names) {
      const path = join(folder, name);
      writeFileSync(path, `not a database ${'x'.repeat(5000)}`);
      const args = ['server', '--listen', '127.0.0.1:0', '--mqtt-listen', '127.0.0.1:0', '--data-dir', folder];
      const before = readFileSync(path);
      const done = await site.ecpctl(...args);
      expectOneLine(done, exit.config, new RegExp(name.replace('.', '\\.')));
      expect(readFileSync(path).equals(before)).toBe(true);
      rmSync(path);
    }
  }, 30_000);

  it('a damaged state file of the agent: it does not start, and the file is left as it is', async () => {
    const joined = await site.join('plant-state');
    must(await joined.agent('stop'));
    const path = join(joined.home, 'var/registration.json');
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, good.slice(0, -10));
    expectOneLine(await joined.agent('start'), exit.config, /registration\.json/);
    expect(readFileSync(path, 'utf8')).toBe(good.slice(0, -10));
    writeFileSync(path, good);
    must(await joined.agent('start'));
    expect((await joined.status()).registration?.clusterId).toBe(joined.id);
    must(await joined.agent('stop'));
  }, 60_000);

  it('a log directory that cannot be read: it is said, and what was written meanwhile comes as soon as it can', async () => {
    const joined = await site.join('plant-dir');
    const aside = `${joined.logs}-aside`;
    renameSync(joined.logs, aside);
    // In the place of the directory: unreadable for root as well.
    writeFileSync(joined.logs, 'no directory');
    const { logs } = await until('the agent says so', async () => {
      const status = await joined.status();
      const part = status.parts.find(({ name }) => name === 'logs');
      return part?.state === 'failing' && { logs: part };
    });
    expect(logs.reason).toContain(joined.logs);
    expect((await joined.agent('status')).code).toBe(4);

    const writer = new EmqxLogWriter({ directory: aside, fileBytes: 100_000, files: 5, startMs: Date.now() });
    writer.write(300);
    rmSync(joined.logs);
    renameSync(aside, joined.logs);
    await joined.delivered(300);
    writer.close();
    expect(numbers(await site.records(joined.id))).toEqual(upTo(300));
    must(await joined.agent('stop'));
  }, 60_000);
});
