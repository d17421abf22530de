import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ecp } from './ecp.ts';
import { runEcpctl, startEcp } from './ecp.ts';

let ecp: Ecp;
beforeAll(async () => {
  ecp = await startEcp();
});
afterAll(() => ecp.stop());

describe('a hosted cluster', () => {
  test('is created, seen, scaled and deleted', async () => {
    const created = await ecp.json(['create', 'plant-1', '--replicas', '2', '--wait']);
    expect(created).toMatchObject({ deployName: 'plant-1', replicas: 2, xStatus: 'running' });
    expect(await ecp.json<{ id: string }[]>(['list'])).toMatchObject([{ id: created.id }]);
    expect(await ecp.json(['scale', 'plant-1', '--replicas', '4', '--wait'])).toMatchObject({ replicas: 4 });
    expect(await ecp.json(['get', String(created.id)])).toMatchObject({ replicas: 4, agents: [] });

    const refused = await ecp.run(['delete', 'plant-1']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--confirm plant-1');
    expect((await ecp.run(['delete', 'plant-1', '--confirm', 'plant-2'])).code).toBe(2);
    expect(await ecp.json(['delete', 'plant-1', '--confirm', 'plant-1', '--wait'])).toMatchObject({ deleted: true });
    expect((await ecp.run(['get', 'plant-1'])).code).toBe(4);
  });

  test('a repeated create is refused, or takes the one there is', async () => {
    const { id } = await ecp.json(['create', 'twice', '--wait']);
    const again = await ecp.run(['create', 'twice']);
    expect(again.code).toBe(5);
    expect(again.stderr).toContain(String(id));
    expect(await ecp.json(['create', 'twice', '--if-not-exists'])).toMatchObject({ id });
  });

  test.each([
    [['create', 'x'.repeat(201)], 'at most 200 characters, this one 201'],
    [['create', 'a/b'], 'other characters'],
    [['create', ''], 'needs a name'],
    [['create', 'ok', '--replicas', '0'], '1 to 7'],
    [['create', 'ok', '--replicas', '8'], '1 to 7'],
    [['create', 'ok', '--protocol', 'MQTT-SSL'], '--network'],
    [['create', 'ok', '--mqtts-cert', '/nowhere'], '--mqtts-key'],
    [['scale', 'twice'], '--replicas'],
  ])('%j is a mistake of the caller', async (args, sentence) => {
    const { code, stdout, stderr } = await ecp.run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });
});

describe('a managed cluster', () => {
  test('is registered, moved and deleted', async () => {
    const added = await ecp.json<{ id: string; commands: Record<string, string[]> }>(['register', '产线 7']);
    expect(Object.keys(added).sort()).toEqual(['commands', 'id', 'name', 'registrationToken']);
    expect(Object.keys(added.commands).sort()).toEqual(['amd64', 'arm', 'arm64']);
    expect(await ecp.json(['register', '产线 7', '--again'])).toEqual(added);
    expect((await ecp.run(['register', '产线 7'])).stderr).toContain('--again');

    const target = await ecp.server.as('admin', 'correct horse 1').then(async (call) => {
      const [org] = (await call('GET', '/api/orgs/names')).body.data;
      return call('POST', `/api/orgs/${org.id}/projects`, { json: { name: 'line-2', members: [] } });
    });
    const moved = await ecp.json(['transfer', '产线 7', '--to-project', 'line-2']);
    expect(moved).toMatchObject({ id: added.id, projectId: target.body.id });
    expect(await ecp.json(['list', '--project', 'line-2'])).toMatchObject([{ id: added.id }]);
    expect(await ecp.json(['list', '--all-projects', '--type', 'managed'])).toMatchObject([
      { id: added.id, xProject: 'default/line-2' },
    ]);
    const { code, stderr } = await ecp.run([
      'delete',
      '产线 7',
      '--project',
      'line-2',
      '--confirm',
      '产线 7',
      '--wait',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain('EMQX lives on');
  });

  test('what it does not offer is refused with the reason before any call', async () => {
    await ecp.json(['register', 'managed']);
    const { code, stderr } = await ecp.run(['scale', 'managed', '--replicas', '2', '--debug']);
    expect(code).toBe(5);
    expect(stderr).toContain('for hosted clusters only');
    expect(stderr).not.toContain('> POST');
  });
});

describe('names', () => {
  test('an ambiguous one lists the ids', async () => {
    const admin = await ecp.server.as('admin', 'correct horse 1');
    const [{ orgId, projectId }] = (await ecp.json<{ orgId: string; projectId: string }[]>(['list'])) as [
      { orgId: string; projectId: string },
    ];
    const ids: string[] = [];
    for (let count = 0; count < 2; count++) {
      const path = `/api/orgs/${orgId}/projects/${projectId}/clusters/add-existing-cluster`;
      const answer = await admin('POST', path, { form: { name: 'double' } });
      ids.push(answer.body.id);
    }
    const { code, stderr } = await ecp.run(['get', 'double']);
    expect(code).toBe(2);
    for (const id of ids) expect(stderr).toContain(id);
    expect((await ecp.run(['get', String(ids[0])])).code).toBe(0);
  });

  test('a mistyped one is suggested', async () => {
    await ecp.json(['register', 'boiler-house']);
    expect((await ecp.run(['get', 'boilerhouse'])).stderr).toContain('Did you mean: boiler-house');
  });
});

describe('sessions', () => {
  test('files are for their owner alone, and hold no password', () => {
    const config = join(ecp.directory, 'config.json');
    const tokens = join(ecp.directory, 'tokens', `${JSON.parse(readFileSync(config, 'utf8')).currentContext}.json`);
    for (const path of [config, tokens]) {
      if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, 'utf8')).not.toContain('correct horse');
    }
  });

  test('a wrong password, no terminal to ask on, and nobody logged in', async () => {
    const { url } = ecp.server;
    const login = ['login', '--url', url, '--context', 'other', '--username', 'admin'];
    expect(await ecp.run([...login, '--password-stdin'], { stdin: 'wrong' })).toMatchObject({ code: 3, stdout: '' });
    expect((await ecp.run(login)).stderr).toContain('--password-stdin');
    const elsewhere = join(ecp.directory, 'empty');
    expect((await runEcpctl(['list'], elsewhere)).stderr).toContain('ecpctl login --url');
    expect((await runEcpctl(['list', '--url', url], elsewhere)).code).toBe(3);
  });

  test('a token from the environment needs no file', async () => {
    const { body } = await ecp.server.call('POST', '/api/account/login', {
      json: { username: 'admin', password: 'correct horse 1' },
    });
    const env = { ECP_URL: `${ecp.server.url}/api`, ECP_TOKEN: body.accessToken };
    const elsewhere = join(ecp.directory, 'no-config');
    expect((await runEcpctl(['whoami', '-o', 'json'], elsewhere, { env })).code).toBe(0);
    const wrong = await runEcpctl(['whoami'], elsewhere, { env: { ...env, ECP_TOKEN: 'nonsense' } });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).not.toContain('nonsense');
  });

  test('tokens of one address are not sent to another', async () => {
    const { code, stderr } = await ecp.run(['list', '--url', 'http://127.0.0.1:9', '--debug']);
    expect(code).toBe(3);
    expect(stderr).not.toContain('> GET');
  });
});
