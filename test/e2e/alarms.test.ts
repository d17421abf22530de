import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alarm } from '../../src/contract/alarms.ts';
import { createAuthority } from '../stand-ins/certificates.ts';
import type { MailServer } from '../stand-ins/mail.ts';
import { startMailServer } from '../stand-ins/mail.ts';
import { must, Site } from './site.ts';
import type { Emqx } from './stage.ts';
import { until } from './stage.ts';

/** EMQX is looked at as often as the agent allows, and rules and connectors every sixth time. */
const agentYaml = 'agent:\n  heartbeat:\n    interval: 1s\n  monitoring:\n    interval: 1s\n';
const project = '一号车间';
const cluster = '灌装线-1';
const account = { username: 'ecp@plant.example', password: 'mail-secret' };
const receivers = ['ops@plant.example', '值班@plant.example'];
const inProject = '/api/orgs/{orgId}/projects/{projectId}';
const never = '0001-01-01T00:00:00Z';

const site = new Site();
const authority = createAuthority();
let tls: MailServer;
let starttls: MailServer;
let emqx: Emqx;
let clusterId: string;
let authorization: string;
let placed: (path: string) => string;

/** Refuses the first call about an alarm, as a receiver that is just starting. */
const hooks: { body: Record<string, string>; status: number; headers: IncomingHttpHeaders }[] = [];
const hook = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  request.on('end', () => {
    const body = JSON.parse(text) as Record<string, string>;
    const isFirst = body.name !== 'example' && hooks.every((call) => call.body.name === 'example');
    hooks.push({ body, status: isFirst ? 503 : 204, headers: request.headers });
    response.writeHead(isFirst ? 503 : 204).end();
  });
});

beforeAll(async () => {
  const own = { tls: authority.issue('mail'), ...account };
  [tls, starttls] = await Promise.all([
    startMailServer({ ...own, implicit: true }),
    startMailServer({ ...own, implicit: false }),
  ]);
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const ca = join(site.folder, 'mail-ca.pem');
  writeFileSync(ca, authority.cert);
  site.serverEnv.NODE_EXTRA_CA_CERTS = ca;
  await site.open();
  emqx = await site.stage.startEmqx({ rules: { r1: true }, connectors: { sink: 'connected' }, alarms: {} });
}, 60_000);

afterAll(async () => {
  await site.close();
  hook.closeAllConnections();
  hook.close();
  await Promise.all([tls.stop(), starttls.stop()]);
}, 30_000);

/** Calls the API as an operator does; what is secret is read from a file. */
async function api<T>(path: string, data?: unknown, method = data === undefined ? 'GET' : 'POST'): Promise<T> {
  const file = join(site.folder, 'body.json');
  writeFileSync(file, JSON.stringify(data ?? {}), { mode: 0o600 });
  const body = data === undefined ? [] : ['-d', `@${file}`];
  const { stdout } = must(await site.ecpctl('api', '-X', method, path, ...body));
  return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
}

const listed = (list: 'current' | 'history', name: string) =>
  `/alarms/${list}?fuzzyName=${name}&severity=&startsAt=&endsAt=&size=100&offset=0`;

const alarms = async (list: 'current' | 'history', name: string) =>
  (await api<{ data: Alarm[] }>(`${inProject}${listed(list, name)}`)).data;

/** Waits until so many alarms of the name are active, and shows them as `ecpctl` does. */
async function active(name: string, count = 1): Promise<Alarm[]> {
  const url = site.server.url + placed(listed('current', name));
  const isSo = async () => {
    const answer = await fetch(url, { headers: { authorization } });
    return ((await answer.json()) as { total: number }).total === count;
  };
  await until(`${count} active ${name}`, isSo, 60_000);
  return alarms('current', name);
}

const mailsOf = (name: string) => starttls.mails.filter(({ text }) => text.includes(`${name}: `));
const callsOf = (name: string) => hooks.filter(({ body }) => body.name === name);

/** Waits until mail and webhook have told of the change. */
const told = (name: string, status: 'firing' | 'resolved') =>
  until(
    `people are told of ${name} ${status}`,
    () => {
      const word = status === 'firing' ? 'raised' : 'resolved';
      const isMailed = mailsOf(name).some(({ text }) => text.includes(`${name}: ${word}`));
      return isMailed && callsOf(name).some((call) => call.status === 204 && call.body.status === status);
    },
    60_000,
  );

describe('the mail server of the platform', () => {
  it.each([
    ['tls', () => tls],
    ['starttls', () => starttls],
  ])('is tried with %s, and takes the mail', async (encryption, server) => {
    await api('/api/configuration/smtp/testing', { host: 'localhost', port: server().port, encryption, ...account });
    expect(server().mails.splice(0)).toMatchObject([
      { secure: true, user: account.username, sender: account.username, receivers: [account.username] },
    ]);
  });

  it('is said to refuse a wrong password', async () => {
    const wrong = { host: 'localhost', port: tls.port, encryption: 'tls', ...account, password: 'wrong-secret' };
    const file = join(site.folder, 'wrong.json');
    writeFileSync(file, JSON.stringify(wrong), { mode: 0o600 });
    const { code, stderr } = await site.ecpctl('api', '/api/configuration/smtp/testing', '-d', `@${file}`);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/wrong name or password/);
    expect(stderr).not.toContain('wrong-secret');
    expect(tls.mails).toEqual([]);
  });
});

describe('an alarm', () => {
  beforeAll(async () => {
    authorization = `Bearer ${await site.token()}`;
    const { data } = await api<{ data: { id: string; orgId: string }[] }>('/api/projects?name=&orgId=');
    placed = (path) => `/api/orgs/${data[0]?.orgId}/projects/${data[0]?.id}${path}`;
    await api(inProject, { name: project, members: [] }, 'PUT');
    await api('/api/configuration/smtp', {
      host: 'localhost',
      port: starttls.port,
      encryption: 'starttls',
      ...account,
    });
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
    const webhook = { url, headers: { authorization: 'Bearer hook-secret' } };
    const notification = `${inProject}/alarms/configuration/notification`;
    await api(notification, { onlyCritical: false, silenceInterval: 3600, xResolveInterval: 1 });
    await api(`${notification}/webhook/testing`, webhook);
    await api(`${notification}/webhook`, { enabled: true, ...webhook });
    await api(`${notification}/email`, { enabled: true, receivers });
    ({ id: clusterId } = await site.join(cluster, undefined, { emqx, agentYaml }));
    must(await site.ecpctl('wait', cluster, '--timeout', '20s'));
  }, 60_000);

  it('lives from a stopped rule in EMQX over mail and webhook to its place in the history', async () => {
    expect(callsOf('example')).toMatchObject([{ headers: { authorization: 'Bearer hook-secret' } }]);
    expect(await alarms('current', 'rule')).toEqual([]);

    await emqx.turn({ rules: { r1: false } });
    const [alarm] = await active('rule_stopped');
    expect(alarm).toMatchObject({
      message: 'rule r1 is stopped',
      severity: 0,
      resourceId: 'r1',
      resourceName: cluster,
      endsAt: never,
    });
    expect(await api(`${inProject}/alarms/current/count`)).toEqual({ count: 1 });
    await told('rule_stopped', 'firing');
    const [mail] = mailsOf('rule_stopped');
    expect(mail).toMatchObject({ receivers, sender: account.username, secure: true, user: account.username });
    expect(Object.fromEntries(mail?.headers ?? [])).toMatchObject({
      from: account.username,
      to: expect.stringMatching(/^"?undisclosed-recipients"?:;$/),
      subject: `[ECP] default/${project}: rule_stopped raised / 触发`,
      'auto-submitted': 'auto-generated',
      'mime-version': '1.0',
      'content-type': 'text/plain; charset=utf-8',
      'message-id': expect.stringMatching(/^<[^\s<>]+@[^\s<>]+>$/),
      date: expect.stringMatching(/\d{4} \d\d:\d\d:\d\d \+0000$/),
    });
    expect(mail?.text).toContain(`rule r1 is stopped\n  severity / 级别: normal\n  rule / 资源: ${cluster} (r1)\n`);
    // What is not ASCII is encoded, and no line is longer than mail allows; nobody sees the other receivers.
    const [head = ''] = mail?.raw.split('\r\n\r\n') ?? [];
    expect(head).toMatch(/^[\t\r\n -~]*$/);
    expect(Math.max(...(mail?.raw.split('\r\n').map((line) => line.length) ?? []))).toBeLessThanOrEqual(998);
    for (const receiver of receivers) expect(mail?.raw).not.toContain(receiver);
    // The first call was refused; the second is the same.
    const [refused, taken] = callsOf('rule_stopped');
    expect([refused?.status, taken?.status]).toEqual([503, 204]);
    expect(taken?.body).toEqual(refused?.body);
    expect(taken?.body).toEqual({
      status: 'firing',
      name: 'rule_stopped',
      message: 'rule r1 is stopped',
      severity: 'normal',
      resourceType: 'rule',
      resourceId: 'r1',
      resourceName: cluster,
      org: 'default',
      project,
      startsAt: alarm?.startsAt,
      endsAt: never,
    });
    expect(taken?.headers).toMatchObject({
      authorization: 'Bearer hook-secret',
      'content-type': 'application/json',
    });

    // As long as it lasts nobody is told again: another alarm has come and gone since, and people know of that.
    await emqx.turn({ connectors: { sink: 'disconnected' } });
    const [down] = await active('connector_disconnected');
    expect(down).toMatchObject({ severity: 1, resourceId: 'http:sink', resourceName: cluster });
    await told('connector_disconnected', 'firing');
    await emqx.turn({ connectors: { sink: 'connected' } });
    await told('connector_disconnected', 'resolved');
    expect([mailsOf('rule_stopped').length, callsOf('rule_stopped').length]).toEqual([1, 2]);

    await emqx.turn({ rules: { r1: true } });
    await told('rule_stopped', 'resolved');
    const [over] = await alarms('history', 'rule_stopped');
    expect(over).toEqual({ ...alarm, endsAt: expect.any(String) });
    expect(Date.parse(over?.endsAt ?? '')).toBeGreaterThan(Date.parse(alarm?.startsAt ?? ''));
    expect(await alarms('current', '')).toEqual([]);
    expect(mailsOf('rule_stopped').at(-1)?.headers.get('subject')).toBe(
      `[ECP] default/${project}: rule_stopped resolved / 恢复`,
    );
    const [end] = callsOf('rule_stopped').slice(2);
    expect(end?.body).toEqual({ ...taken?.body, status: 'resolved', endsAt: over?.endsAt });
    expect([mailsOf('rule_stopped').length, callsOf('rule_stopped').length]).toEqual([2, 3]);
  }, 180_000);

  it('is there and told to nobody, when it comes again within the silence', async () => {
    const before = [mailsOf('rule_stopped').length, callsOf('rule_stopped').length];
    await emqx.turn({ rules: { r1: false }, alarms: { license_quota: 'License: connections exceed 80%' } });
    await active('rule_stopped');
    await told('license_quota', 'firing');
    await emqx.turn({ rules: { r1: true }, alarms: {} });
    await told('license_quota', 'resolved');
    await active('rule_stopped', 0);
    expect(await alarms('history', 'rule_stopped')).toHaveLength(2);
    expect([mailsOf('rule_stopped').length, callsOf('rule_stopped').length]).toEqual(before);
  }, 120_000);

  it('is none of ECP while the push of EMQX alarms is off', async () => {
    await emqx.turn({ rules: { r1: false } });
    await active('rule_stopped');
    await api(`${inProject}/alarms/enabled`, { enabled: false });
    await active('rule_stopped', 0);
    await api(`${inProject}/alarms/enabled`, { enabled: true });
    await active('rule_stopped');
  }, 120_000);

  it('is raised of an EMQX that has gone, and what is not known any more stays', async () => {
    await emqx.stop();
    const [down] = await active('node_down');
    expect(down).toMatchObject({ severity: 1, resourceId: clusterId, message: expect.stringContaining(emqx.apiUrl) });
    await told('node_down', 'firing');
    expect((await alarms('current', '')).map(({ name }) => name).sort()).toEqual(['node_down', 'rule_stopped']);
  }, 120_000);
});
