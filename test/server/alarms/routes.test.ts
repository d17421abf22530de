import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('the mail server', () => {
  it('is tried before it is needed', async () => {
    const json = { host: '127.0.0.1', port: 1, encryption: 'tls', username: 'a@b.c', password: 'x' };
    const { status: answered, body } = await admin('POST', '/api/configuration/smtp/testing', { json });
    expect([answered, body.message]).toEqual([409, expect.stringContaining('ECONNREFUSED')]);
    expect((await viewer('POST', '/api/configuration/smtp/testing', { json })).status).toBe(403);
  });
});
