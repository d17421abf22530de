import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { nextAfter } from '../../src/server/domain/backup-plan.ts';
import { readQuantity } from '../../src/server/domain/quotas.ts';
import type { Caller, TestServer } from './support.ts';
import { adminPassword, firstProject, taskEnd, testServer } from './support.ts';

let server: TestServer;
let admin: Caller;
let project: string;
beforeAll(async () => {
  server = await testServer({ simulatedMs: 5 });
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
});
afterAll(() => server.stop());

async function create(form: Record<string, string>) {
  const answer = await admin('POST', `${project}/deployments`, { form: { deployName: 'c', replicas: '1', ...form } });
  if (answer.status === 200) await taskEnd(admin, answer.body.data.taskId);
  return answer;
}

describe('the settings', () => {
  const set = (name: string, json: unknown) => admin('POST', `/api/configuration/${name}`, { json });
  const get = async (name: string) => (await admin('GET', `/api/configuration/${name}`)).body;

  test('keep a secret: it is shown as stars, and stars sent back leave it', async () => {
    const smtp = {
      host: 'mail.example.com',
      port: 587,
      encryption: 'starttls',
      username: 'ecp',
      password: 'mail secret',
    };
    expect((await set('smtp', smtp)).status).toBe(204);
    const shown = await get('smtp');
    expect(shown).toEqual({ ...smtp, password: '******' });
    await set('smtp', { ...shown, host: 'mail2.example.com' });
    expect(await get('smtp')).toMatchObject({ host: 'mail2.example.com', password: '******' });
    const { body } = await admin('GET', '/api/audit/operations?since=&until=&offset=0&resource=8');
    expect(JSON.stringify(body)).not.toContain('mail secret');
  });

  test('of images take such with a version, one of them the default', async () => {
    const images = [{ image: 'registry.local/emqx-enterprise:5.8.6', default: true }, { image: 'emqx/emqx-ee:4.4.24' }];
    expect((await set('image-version-list', images)).status).toBe(204);
    expect(await get('image-version-list')).toEqual(images);
    const twice = images.map((image) => ({ ...image, default: true }));
    for (const wrong of [twice, [{ image: 'emqx:latest' }], [images[0], images[0]], {}]) {
      expect((await set('image-version-list', wrong)).status).toBe(400);
    }
    const made = await create({ image: 'emqx/emqx-ee:4.4.24' });
    expect(made.body.data).toMatchObject({ type: 1, version: '4.4.24' });
    const path = `${project}/deployments/${made.body.data.id}`;
    const up = { json: { image: 'registry.local/emqx-enterprise:5.8.6' } };
    expect(await admin('POST', `${path}/image-update`, up)).toMatchObject({
      status: 409,
      body: { message: /from EMQX v4 to v5/ },
    });
  });

  test('of quotas are checked, and one in use stays', async () => {
    const { quotas, storage_class_name } = await get('emqx-quota-list');
    const storageClass = [{ storage_class_name, storage_class_size: '2Gi' }];
    expect((await set('emqx-quota-list', { quotas, storageClass })).status).toBe(204);
    expect(await get('emqx-quota-list')).toMatchObject({ storage_class_size: '2Gi' });
    await create({ resourceLimit: 'medium' });
    const without = quotas.filter((row: { name: string }) => row.name !== 'medium');
    expect(await set('emqx-quota-list', { quotas: without, storageClass })).toMatchObject({
      status: 409,
      body: { message: /medium is in use/ },
    });
    const [first] = quotas;
    const cpu = { request: '2', limit: '500m' };
    const wrong = { ...first, name: 'x', quota: { ...first.quota, emqx: { ...first.quota.emqx, cpu } } };
    expect((await set('emqx-quota-list', { quotas: [...quotas, wrong], storageClass })).status).toBe(400);
  });

  test('of the total keep all hosted clusters within', async () => {
    const { list } = (await admin('GET', `${project}/deployments?limit=-1`)).body.data;
    expect(list.length).toBeGreaterThan(0);
    expect((await set('emqx-total-quota', { total_cpu_quota: 5, total_memory_quota: 0 })).status).toBe(204);
    expect(await create({ resourceLimit: 'large' })).toMatchObject({
      status: 409,
      body: { message: /cores in all, and the quota is 5/ },
    });
    const { id } = (await create({ resourceLimit: 'small' })).body.data;
    expect((await admin('POST', `${project}/deployments/${id}/vertical/large`)).status).toBe(409);
    expect((await admin('POST', `${project}/deployments/${id}/scale/7`)).status).toBe(409);
    await set('emqx-total-quota', { total_cpu_quota: 0, total_memory_quota: 0 });
  });

  test('of the address are what agents are told', async () => {
    expect((await set('server-access-name', { scheme: 'ftp', server_name: 'x' })).status).toBe(400);
    const here = { scheme: 'http', server_name: new URL(server.url).host };
    expect((await set('server-access-name/testing', here)).status).toBe(204);
    const nobody = { scheme: 'http', server_name: '127.0.0.1:1' };
    expect(await set('server-access-name/testing', nobody)).toMatchObject({
      status: 409,
      body: { message: /^http:\/\/127\.0\.0\.1:1\/api\/version: / },
    });
    await set('server-access-name', { scheme: 'https', server_name: 'ecp.example.com:8443' });
    const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name: 'm' } });
    const path = `${project}/clusters/${body.id}/setupInstructions?platform=linux`;
    const { architectures } = (await admin('GET', path)).body;
    expect(architectures[0].registerInstructions).toContain('--url https://ecp.example.com:8443 ');
  });

  test.each([
    ['500m', 0.5],
    ['2', 2],
    ['4Gi', 4 * 2 ** 30],
    ['1.5M', 1.5e6],
    ['x', 0],
    ['-1', 0],
    [undefined, 0],
  ])('a quantity of %s is %d', (text, value) => {
    expect(readQuantity(text)).toBe(value);
  });
});

describe('backups', () => {
  let id: string;
  const P = () => `${project}/backups`;
  const idle = async () => {
    const { data } = (await admin('GET', `${project}/deployments/${id}`)).body;
    return taskEnd(admin, data.taskId);
  };
  const files = async () => (await admin('POST', `${P()}/list`, { json: { deploy_ids: [id] } })).body.data[id].data;

  beforeAll(async () => {
    id = (await create({ deployName: 'saved' })).body.data.id;
  });

  test('are made, listed, downloaded, put back and deleted', async () => {
    expect((await admin('POST', `${P()}/${id}`)).body).toEqual({ msg: 'started' });
    expect(await idle()).toMatchObject({ status: 3, type: 13 });
    const [file] = await files();
    expect(file).toMatchObject({ filename: expect.stringMatching(/^emqx-backup-/), size: expect.any(Number) });
    const got = await admin('GET', `${P()}/${id}/download/${file.filename}`);
    expect(got.body).toMatchObject({ cluster: 'saved' });
    expect(JSON.stringify(got.body, null, 2).length + 1).toBe(file.size);
    await admin('POST', `${P()}/${id}/import`, { json: { filename: file.filename, node: '' } });
    expect(await idle()).toMatchObject({ status: 3, type: 14 });
    expect((await admin('DELETE', `${P()}/deployments/${id}/${file.filename}`)).body).toEqual({ msg: 'deleted' });
    expect(await files()).toEqual([]);
    expect((await admin('GET', `${P()}/${id}/download/${file.filename}`)).status).toBe(404);
    expect((await admin('POST', `${P()}/${id}/import`, { json: { filename: 'none', node: '' } })).status).toBe(404);
  });

  test('come from outside, and start a new cluster', async () => {
    const file = Buffer.from('bytes of a backup').toString('base64');
    const upload = (filename: string) =>
      admin('POST', `${P()}/0/upload_import`, { json: { filename, file, xDeployId: id } });
    expect((await upload('../escape')).status).toBe(400);
    expect((await upload('outside.tar.gz')).status).toBe(200);
    await idle();
    const copied = await create({ deployName: 'copy', backupDeployId: id, backupFilename: 'outside.tar.gz' });
    expect(copied.status).toBe(200);
    const list = await admin('POST', `${P()}/list`, { json: { deploy_ids: [copied.body.data.id, 'unknown1'] } });
    expect(list.body).toMatchObject({
      data: { [copied.body.data.id]: { code: 0, data: [{ filename: 'outside.tar.gz' }] } },
      errors: ['unknown1: cluster not found'],
    });
    expect((await create({ backupDeployId: 'unknown1', backupFilename: 'x' })).status).toBe(404);
  });

  test('are planned, seen and taken off the plan', async () => {
    const json = { deploy_id_list: [id, 'unknown1'], up_time: Math.floor(Date.now() / 1000) + 3600, schedule_type: 1 };
    expect((await admin('POST', `${P()}/task`, { json })).body).toEqual({ errors: { unknown1: 'cluster not found' } });
    const { body } = await admin('GET', `${P()}/task`);
    expect(body.data[id]).toMatchObject([{ schedule_type: 1, status: 0 }]);
    expect((await admin('POST', `${P()}/task`, { json: { ...json, schedule_type: 9 } })).status).toBe(400);
    expect((await admin('DELETE', `${P()}/task/${body.data[id][0].id}`)).body).toEqual({ errors: '' });
    expect((await admin('DELETE', `${P()}/task/${body.data[id][0].id}`)).status).toBe(404);
  });

  test('that are due run by themselves', async () => {
    let ahead = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => Date.now() + ahead,
      // The plan is looked at every 30 seconds; a test has no such patience.
      sleep: (ms, signal) => systemClock.sleep(ms === 30_000 ? 20 : ms, signal),
    };
    const planned = await testServer({ clock, simulatedMs: 5 });
    try {
      const mine = await planned.as('admin', adminPassword);
      const place = await firstProject(mine);
      const made = await mine('POST', `${place}/deployments`, { form: { deployName: 'due' } });
      await taskEnd(mine, made.body.data.taskId);
      const clusterId = made.body.data.id;
      const json = { deploy_id_list: [clusterId], up_time: Math.floor(clock.now() / 1000) + 60, schedule_type: 0 };
      await mine('POST', `${place}/backups/task`, { json });
      const found = async () =>
        (await mine('POST', `${place}/backups/list`, { json: { deploy_ids: [clusterId] } })).body.data[clusterId].data;
      expect(await found()).toEqual([]);
      ahead = 61_000;
      await expect.poll(async () => (await found()).length).toBe(1);
      const { body } = await mine('GET', `${place}/backups/task`);
      expect(body.data[clusterId]).toMatchObject([{ status: 2 }]);
    } finally {
      await planned.stop();
    }
  });

  test.each([
    ['once', '2030-01-31T10:00:00Z', '2030-02-01T00:00:00Z', undefined],
    ['daily', '2030-01-31T10:00:00Z', '2030-01-31T10:00:00Z', '2030-02-01T10:00:00.000Z'],
    ['daily', '2030-01-31T10:00:00Z', '2030-03-05T11:00:00Z', '2030-03-06T10:00:00.000Z'],
    ['weekly', '2030-01-31T10:00:00Z', '2030-02-01T00:00:00Z', '2030-02-07T10:00:00.000Z'],
    ['monthly', '2030-01-31T10:00:00Z', '2030-02-01T00:00:00Z', '2030-02-28T10:00:00.000Z'],
    ['monthly', '2030-01-31T10:00:00Z', '2030-03-01T00:00:00Z', '2030-03-31T10:00:00.000Z'],
  ] as const)('%s from %s, after %s, come next at %s', (kind, at, now, next) => {
    const ms = nextAfter(kind, Date.parse(at), Date.parse(now));
    expect(ms && new Date(ms).toISOString()).toBe(next);
  });
});

test('a certificate goes with its key, and is asked for by crtType', async () => {
  const { id } = (await create({})).body.data;
  const path = `${project}/deployments/${id}`;
  const change = (form: Record<string, string>) => admin('POST', `${path}/crt`, { form });
  expect(await change({ crtType: '3' })).toMatchObject({ status: 400, body: { message: /wssTlsCrt: it is needed/ } });
  expect(await change({ wssTlsKey: 'x' })).toMatchObject({ status: 400, body: { message: /not a PEM private key/ } });
  expect(await admin('POST', `${path}/lic`, { form: {} })).toMatchObject({ status: 400 });
  const { body } = await admin('POST', `${path}/lic`, { form: { license: 'EMQX license text' } });
  expect(await taskEnd(admin, body.data.taskId)).toMatchObject({ status: 3, type: 10 });
  // What was uploaded is shown nowhere.
  expect(JSON.stringify((await admin('GET', path)).body)).not.toContain('EMQX license text');
});

test('the state is copied while the server runs, into a file that another one starts from', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ecp-copy-'));
  try {
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('ecp-state-'));
    const login = await server.call('POST', '/api/account/login', {
      json: { username: 'admin', password: adminPassword },
    });
    const headers = { authorization: `Bearer ${login.body.accessToken}` };
    const answer = await fetch(`${server.url}/api/x/state`, { headers });
    writeFileSync(join(directory, 'state.db'), Buffer.from(await answer.arrayBuffer()));
    expect(left()).toEqual([]);
    const other = await testServer({ dataDirectory: directory });
    try {
      const there = await other.as('admin', adminPassword);
      const count = async (call: Caller) => (await call('GET', `${project}/deployments`)).body.data.total;
      expect(await count(there)).toBe(await count(admin));
    } finally {
      await other.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
