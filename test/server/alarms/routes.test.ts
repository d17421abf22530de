import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../src/server/store/open.ts';
import type { Caller, TestServer } from '../support.ts';
import { adminPassword, firstProject, testServer } from '../support.ts';

let server: TestServer;
let admin: Caller;
let viewer: Caller;
let alarms: string;
let url: string;
const seen: { headers: Record<string, unknown>; body: string }[] = [];
let status = 200;

const hook = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    seen.push({ headers: request.headers, body });
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end();
  });
});

beforeAll(async () => {
  server = await testServer();
  admin = await server.as('admin', adminPassword);
  const project = await firstProject(admin);
  alarms = `${project}/alarms`;
  const password = 'password of somebody';
  const { body } = await admin('POST', '/api/users', { json: { name: 'viewer', email: '', admin: false, password } });
  await admin('PUT', project, { json: { name: 'default', members: [{ userId: body.id, roleIds: [4] }] } });
  viewer = await server.as('viewer', password);
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
});

afterAll(async () => {
  hook.close();
  await server.stop();
});

describe('the settings of alarms', () => {
  it('begin with usual values, and change one by one', async () => {
    const { body } = await admin('GET', `${alarms}/configuration`);
    expect(body).toMatchObject({ enabled: true, onlyCritical: false, email: { enabled: false, receivers: [] } });
    const json = { onlyCritical: true, silenceInterval: 60, xResolveInterval: 5 };
    const changed = await admin('POST', `${alarms}/configuration/notification`, { json });
    expect(changed.body).toEqual({ ...body, onlyCritical: true, silenceInterval: 60, resolveInterval: 5 });
    expect((await admin('GET', `${alarms}/configuration`)).body).toEqual(changed.body);
    await admin('POST', `${alarms}/enabled`, { json: { enabled: false } });
    expect((await admin('GET', `${alarms}/status`)).body).toEqual({ enabled: false });
    await admin('POST', `${alarms}/enabled`, { json: { enabled: true } });
  });

  it.each([
    ['email', { enabled: true, receivers: [] }],
    ['email', { enabled: true, receivers: ['nobody'] }],
    ['email', { enabled: true, receivers: Array.from({ length: 11 }, (_, at) => `a${at}@b.c`) }],
    ['webhook', { enabled: true, url: 'file:///etc/passwd', headers: {} }],
    ['webhook', { enabled: true, url: 'http://user:secret@host/', headers: {} }],
    ['webhook', { enabled: true, url: 'http://host/', headers: { 'a b': 'c' } }],
    ['webhook', { enabled: true, url: 'http://host/', headers: { a: 'b\r\nc: d' } }],
  ])('refuse the %s settings %j', async (way, json) => {
    expect((await admin('POST', `${alarms}/configuration/notification/${way}`, { json })).status).toBe(400);
  });

  it("keep the webhook's headers from those who may only look, and keep what was masked", async () => {
    const json = { enabled: true, url, headers: { authorization: 'Bearer hook-secret' } };
    await admin('POST', `${alarms}/configuration/notification/webhook`, { json });
    const { body } = await viewer('GET', `${alarms}/configuration`);
    expect(body.webhook).toEqual({ enabled: true, url, headers: { authorization: '******' } });
    await admin('POST', `${alarms}/configuration/notification/webhook`, {
      json: { ...json, headers: { authorization: '******' } },
    });
    expect((await admin('GET', `${alarms}/configuration`)).body.webhook).toEqual(json);
    const audit = await admin('GET', '/api/audit/operations?since=&until=&size=20&offset=0');
    expect(JSON.stringify(audit.body)).not.toContain('hook-secret');
  });

  it('are for those who may edit', async () => {
    for (const path of [
      'enabled',
      'configuration/notification',
      'configuration/notification/webhook/testing',
      'configuration/notification/webhook/preview',
    ]) {
      const json = { enabled: true, onlyCritical: true, silenceInterval: 1, url, headers: {} };
      expect((await viewer('POST', `${alarms}/${path}`, { json })).status).toBe(403);
    }
  });
});

describe('the webhook', () => {
  it('is shown, and tried with what it would get', async () => {
    const preview = await admin('POST', `${alarms}/configuration/notification/webhook/preview`);
    const example = JSON.parse(preview.body.template);
    expect(example).toMatchObject({ status: 'firing', name: 'example', project: 'default' });
    seen.length = 0;
    const json = { url, headers: { authorization: '******' } };
    expect((await admin('POST', `${alarms}/configuration/notification/webhook/testing`, { json })).status).toBe(204);
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer hook-secret' });
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ ...example, startsAt: expect.any(String) });
  });

  it('does not give a kept secret to another address', async () => {
    seen.length = 0;
    const json = { url: `${url}/other`, headers: { authorization: '******' } };
    await admin('POST', `${alarms}/configuration/notification/webhook/testing`, { json });
    expect(seen[0]?.headers.authorization).toBe('******');
  });

  it.each([500, 302])('that answers %i is said to have failed', async (code) => {
    status = code;
    const { status: answered, body } = await admin('POST', `${alarms}/configuration/notification/webhook/testing`, {
      json: { url, headers: {} },
    });
    expect([answered, body.message]).toEqual([409, expect.stringContaining(`answered ${code}`)]);
    status = 200;
  });
});

describe('lists of alarms', () => {
  it('are empty where nothing is wrong', async () => {
    const words = 'fuzzyName=&severity=&startsAt=&endsAt=&size=10&offset=0';
    for (const list of ['current', 'history']) {
      expect((await viewer('GET', `${alarms}/${list}?${words}`)).body).toEqual({ total: 0, data: [] });
    }
    expect((await viewer('GET', `${alarms}/current/count`)).body).toEqual({ count: 0 });
    expect((await admin('GET', `${alarms}/current?${words.replace('severity=', 'severity=7')}`)).status).toBe(400);
  });
});

describe('lists of alarms that there were', () => {
  it('are filtered by name, severity and time, and paged from the newest on', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'alarms-'));
    const first = await testServer({ dataDirectory });
    const path = await firstProject(await first.as('admin', adminPassword));
    await first.stop();
    const [, , , orgId = '', , projectId = ''] = path.split('/');
    const store = await openStore(dataDirectory);
    const hour = 3_600_000;
    const begin = Math.floor(Date.now() / hour - 40) * hour;
    for (let n = 0; n < 30; n++) {
      await store.db
        .insertInto('alarms')
        .values({
          ...{ condition: `c${n}`, org_id: orgId, project_id: n === 29 ? 'another' : projectId, cluster_id: '' },
          ...{ name: n % 2 ? 'conn_congestion/Äh%_1' : 'Rule_Stopped', message: `m${n}` },
          ...{ severity: n % 3 ? 'normal' : 'critical', resource_type: 'cluster', resource_id: '', resource_name: '' },
          ...{ starts_at: begin + n * hour, absent_at: 0, ends_at: begin + (n + 1) * hour, notified_at: 0, held: 0 },
        })
        .execute();
    }
    await store.close();
    const second = await testServer({ dataDirectory });
    const ask = await second.as('admin', adminPassword);
    const list = async (words: Record<string, string | number>) => {
      const all = { fuzzyName: '', severity: '', startsAt: '', endsAt: '', size: 100, offset: 0, ...words };
      const query = new URLSearchParams(
        Object.entries(all).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const { body } = await ask('GET', `${path}/alarms/history?${query}`);
      return [body.total, ...body.data.map(({ message }: { message: string }) => Number(message.slice(1)))];
    };
    const down = (from: number, to: number, step = 1) =>
      Array.from({ length: Math.floor((from - to) / step) + 1 }, (_, at) => from - at * step);
    expect(await list({})).toEqual([29, ...down(28, 0)]);
    expect(await list({ size: 3, offset: 2 })).toEqual([29, 26, 25, 24]);
    expect(await list({ fuzzyName: 'rule_stop' })).toEqual([15, ...down(28, 0, 2)]);
    expect(await list({ fuzzyName: 'Äh%_' })).toEqual([14, ...down(27, 1, 2)]);
    expect(await list({ fuzzyName: 'rule%' })).toEqual([0]);
    expect(await list({ severity: 1 })).toEqual([10, ...down(27, 0, 3)]);
    const seconds = (n: number) => (begin + n * hour) / 1000;
    expect(await list({ startsAt: seconds(5), endsAt: seconds(7) })).toEqual([3, 7, 6, 5]);
    await second.stop();
    rmSync(dataDirectory, { recursive: true });
  });
});

describe('the mail server', () => {
  it('is tried before it is needed', async () => {
    const json = { host: '127.0.0.1', port: 1, encryption: 'tls', username: 'a@b.c', password: 'x' };
    const { status: answered, body } = await admin('POST', '/api/configuration/smtp/testing', { json });
    expect([answered, body.message]).toEqual([409, expect.stringContaining('ECONNREFUSED')]);
    expect((await viewer('POST', '/api/configuration/smtp/testing', { json })).status).toBe(403);
  });
});
