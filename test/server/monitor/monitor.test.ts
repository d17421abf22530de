import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Telemetry } from '../../../src/contract/telemetry.ts';
import type { Managed } from '../managed.ts';
import { addManaged } from '../managed.ts';
import type { Caller, TestServer } from '../support.ts';
import { adminPassword, basic, firstProject, testServer } from '../support.ts';
import type { FakeAgent } from '../tunnel/fake-agent.ts';
import { fakeAgent } from '../tunnel/fake-agent.ts';
import { readExposition } from './exposition.ts';

let server: TestServer;
let admin: Caller;
let project: string;
let cluster: Managed;
let agent: FakeAgent;
const password = 'password of somebody';

const telemetry: Telemetry = {
  version: 1,
  time: 1,
  agent: 'a',
  generation: 5,
  nodes: [],
  traffic: {
    connections: 120,
    liveConnections: 100,
    subscriptions: 70,
    topics: 42,
    received: 93.6,
    sent: 70,
    dropped: 1,
  },
  license: { maxConnections: 1000, expired: false },
  exporter: 'emqx_up 1\n',
};

beforeAll(async () => {
  server = await testServer();
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
  cluster = await addManaged(server, admin, project);
  const { mqtt } = cluster.metadata;
  agent = await fakeAgent(mqtt.server, Number(mqtt.username.slice(6)), mqtt.password);
  await admin('POST', '/api/users', { json: { name: 'nobody', email: '', admin: false, password } });
});

afterAll(async () => {
  await agent.client.endAsync();
  await server.stop();
});

const tell = (what: unknown) => agent.client.publishAsync(cluster.metadata.tunnel.telemetryTopic, JSON.stringify(what));
const deployment = (call: Caller = admin) => call('GET', `/api/monitor/deployment/${cluster.id}`);
const projectView = (words = '') => {
  const [, , , orgId, , projectId] = project.split('/');
  return admin('GET', `/api/monitor/orgs/${orgId}/projects/${projectId}${words}`);
};

describe('the monitor', () => {
  it('says that it does not know before anybody has told', async () => {
    expect((await deployment()).body).toMatchObject({
      status: 4,
      version: '5.8.6',
      nodeCount: 1,
      connectCount: -1,
      in: -1,
    });
  });

  it('shows what the agent told of last', async () => {
    await tell(telemetry);
    await expect.poll(async () => (await deployment()).body.connectCount).toBe(120);
    expect((await deployment()).body).toMatchObject({ connectQuota: 1000, topicCount: 42, in: 94, out: 70 });
    const { body } = await projectView();
    expect(body).toMatchObject({
      total: 1,
      clusterCount: 1,
      instance: [{ id: cluster.id, connectCount: 120, agent: { totalCount: 1, activeCount: 1 } }],
    });
  });

  it('pages and sorts the clusters of a project, hosted ones too', async () => {
    await admin('POST', `${project}/deployments`, { form: { deployName: 'a hosted one', connectLimit: '50' } });
    expect((await projectView('?sort=name')).body.instance.map((one: { name: string }) => one.name)).toEqual([
      'a hosted one',
      cluster.name,
    ]);
    const { body } = await projectView('?sort=name&order=desc&size=1&offset=1');
    expect(body).toMatchObject({
      total: 2,
      size: 1,
      offset: 1,
      instance: [{ name: 'a hosted one', connectQuota: 50, expectReplicas: 3, progress: expect.stringContaining('%') }],
    });
  });

  it('takes no notice of what is no telemetry, and says so once', async () => {
    await tell('nonsense');
    await tell({ ...telemetry, traffic: { connections: 'many' } });
    await tell({ ...telemetry, traffic: { connections: 121 } });
    await expect.poll(async () => (await deployment()).body.connectCount).toBe(121);
    expect(server.lines.filter((line) => line.includes('telemetry'))).toHaveLength(1);
  });

  it('forgets when the agent has gone', async () => {
    const other = await addManaged(server, admin, project);
    const { mqtt, tunnel } = other.metadata;
    const short = await fakeAgent(mqtt.server, Number(mqtt.username.slice(6)), mqtt.password);
    await short.client.publishAsync(tunnel.telemetryTopic, JSON.stringify(telemetry));
    const seen = async () => (await admin('GET', `/api/monitor/deployment/${other.id}`)).body.connectCount;
    await expect.poll(seen).toBe(120);
    await short.client.endAsync();
    await expect.poll(seen).toBe(-1);
  });

  it('is closed to those who may not see the cluster', async () => {
    const nobody = await server.as('nobody', password);
    expect((await deployment(nobody)).status).toBe(404);
    expect((await nobody('GET', `/api/x/monitor/deployment/${cluster.id}/history`)).status).toBe(404);
  });
});

describe('the history', () => {
  it('has what was told a moment before the server was stopped', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'monitor-'));
    const before = await testServer({ dataDirectory });
    const user = await before.as('admin', adminPassword);
    const { id, metadata } = await addManaged(before, user, await firstProject(user));
    const { mqtt, tunnel } = metadata;
    const { client } = await fakeAgent(mqtt.server, Number(mqtt.username.slice(6)), mqtt.password);
    await client.publishAsync(tunnel.telemetryTopic, JSON.stringify(telemetry));
    await expect
      .poll(async () => (await user('GET', `/api/monitor/deployment/${id}`)).body.connectCount)
      .toBe(telemetry.traffic?.connections);
    await client.endAsync();
    await before.stop();
    const after = await testServer({ dataDirectory });
    const { body } = await (await after.as('admin', adminPassword))('GET', `/api/x/monitor/deployment/${id}/history`);
    expect(body).toMatchObject({ step: 10, data: [{ connectCount: 120, connectPeak: 120, topicCount: 42 }] });
    await after.stop();
    rmSync(dataDirectory, { recursive: true });
  });
});

describe('the judge of /metrics', () => {
  const help = '# HELP a_total What.\n# TYPE a_total counter\n';

  it('reads what is right', () => {
    expect(readExposition(`${help}a_total{b="\\"x\\\\\\n",c=""} 1\na_total 2.5e+3\n`)).toEqual([
      { name: 'a_total', labels: { b: '"x\\\n', c: '' }, value: 1 },
      { name: 'a_total', labels: {}, value: 2500 },
    ]);
  });

  it.each([
    ['no end of the last line', `${help}a_total 1`],
    ['no HELP', '# TYPE a gauge\na 1\n'],
    ['no TYPE', '# HELP a b\na 1\n'],
    ['a TYPE after its samples', '# HELP a b\na 1\n# TYPE a gauge\n'],
    ['a counter without _total', '# HELP a b\n# TYPE a counter\na 1\n'],
    ['a gauge with _total', '# HELP a_total b\n# TYPE a_total gauge\na_total 1\n'],
    ['the same labels twice', `${help}a_total{b="1"} 1\na_total{b="1"} 2\n`],
    ['a quote in a value', `${help}a_total{b="c"d"} 1\n`],
    ['a backslash in a value', `${help}a_total{b="\\d"} 1\n`],
    ['no number', `${help}a_total undefined\n`],
    ['a metric in two places', `${help}a_total 1\n# HELP c d\n# TYPE c gauge\nc 1\na_total{b="1"} 1\n`],
    ['a metric without samples', help],
    ['an empty line', `${help}\na_total 1\n`],
  ])('refuses %s', (_, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});

describe('/metrics', () => {
  const scrape = (headers: Record<string, string>, path = '/metrics') => server.call('GET', path, { headers });

  it('speaks Prometheus to a user with name and password', async () => {
    const { status, body, headers } = await scrape(basic('admin', adminPassword));
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(body).toContain(`ecp_cluster_connections{cluster="${cluster.name}",cluster_id="${cluster.id}"`);
    expect(body).toMatch(/^ecp_license_connections_limit 1000000$/m);
    const samples = readExposition(body);
    expect(new Set(samples.map(({ name }) => name)).size).toBeGreaterThan(15);
    expect(samples.filter(({ name }) => name.endsWith('_total')).map(({ name }) => name)).toEqual([
      'process_cpu_seconds_total',
    ]);
  });

  it('shows others only what is theirs, and strangers nothing', async () => {
    const { status, body } = await scrape(basic('nobody', password));
    expect(status).toBe(200);
    expect(body).not.toContain(cluster.id);
    expect(body).not.toContain('ecp_license');
    expect((await scrape({})).status).toBe(401);
    expect((await scrape(basic('admin', 'wrong'))).status).toBe(401);
    expect((await scrape(basic('nobody', password), `/metrics/clusters/${cluster.id}`)).status).toBe(404);
  });

  it("passes on what the cluster's own exporter says", async () => {
    await tell(telemetry);
    const own = async () => (await scrape(basic('admin', adminPassword), `/metrics/clusters/${cluster.id}`)).body;
    await expect.poll(own).toBe('emqx_up 1\n');
  });
});
