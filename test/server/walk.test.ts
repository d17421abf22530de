import { gzipSync } from 'node:zlib';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Caller, TestServer } from './support.ts';
import { adminPassword, basic, caller, firstProject, taskEnd, testServer } from './support.ts';

let server: TestServer;
let admin: Caller;
let project: string;
beforeAll(async () => {
  server = await testServer();
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
});
afterAll(() => server.stop());

describe('the session', () => {
  test('login, profile, roles, refresh, logout', async () => {
    const login = await server.call('POST', '/api/account/login', {
      json: { username: 'ADMIN', password: adminPassword },
    });
    expect(login).toMatchObject({ status: 200, body: { tokenType: 'Bearer', admin: true, expiresIn: 7200 } });
    const mine = caller(server.url, login.body.accessToken);
    expect((await mine('GET', '/api/account/profile')).body).toMatchObject({ name: 'admin', admin: true });
    expect((await mine('GET', '/api/account/roles')).body).toEqual({ roles: ['system-admin'], orgs: [] });
    const { refreshToken } = login.body;
    const next = await server.call('POST', '/api/account/token/refresh', { json: { refreshToken } });
    expect(next.status).toBe(200);
    const after = caller(server.url, next.body.accessToken);
    expect((await after('GET', '/api/account/logout')).status).toBe(204);
    for (const gone of [mine, after]) expect((await gone('GET', '/api/account/profile')).status).toBe(401);
  });

  test('without, and with a wrong token', async () => {
    expect((await server.call('GET', '/api/orgs/names')).status).toBe(401);
    expect((await caller(server.url, 'x')('GET', '/api/orgs/names')).status).toBe(401);
    expect(await server.call('GET', '/api/nothing')).toMatchObject({ status: 404, body: { code: 10404 } });
  });

  test('the version is open to everybody', async () => {
    expect((await server.call('GET', '/api/version')).body).toMatchObject({
      version: '0.1.0',
      xPlatform: 'kubernetes',
    });
  });
});

describe('a hosted cluster', () => {
  const task = async (answer: Answer) => {
    expect(answer.status).toBe(200);
    return taskEnd(admin, answer.body.data.taskId);
  };

  test('goes through its life', async () => {
    const created = await admin('POST', `${project}/deployments`, {
      form: { deployName: '集群 1', connectLimit: '50' },
    });
    expect(created).toMatchObject({
      status: 200,
      body: { data: { status: 1, type: 2, expectReplicas: 3, replicas: 0 } },
    });
    const { id, taskId } = created.body.data;
    expect(await taskEnd(admin, taskId)).toMatchObject({ status: 3, type: 1, deploy_id: id, progress: '100% done' });
    const path = `${project}/deployments/${id}`;
    const get = async () => (await admin('GET', path)).body.data;
    expect(await get()).toMatchObject({
      status: 4,
      replicas: 3,
      connectLimit: 50,
      version: '5.8.6',
      registrationToken: '',
    });

    expect(await task(await admin('POST', `${path}/scale/5`))).toMatchObject({ status: 3, type: 5 });
    expect(await get()).toMatchObject({ status: 4, replicas: 5, expectReplicas: 5 });
    await task(await admin('POST', `${path}/vertical/large`));
    await task(await admin('POST', `${path}/dynamiclicense-update`, { json: { connectLimit: 80 } }));
    await task(await admin('POST', `${path}/image-update`, { json: { image: 'emqx/emqx-enterprise:5.7.2' } }));
    const ports = [{ name: 'mqtt', external: 31883, internal: 1883 }];
    const net = { type: 'NodePort', ports, annotations: {}, load_balancer_class: '' };
    await task(await admin('POST', `${path}/net`, { json: net }));
    expect(await get()).toMatchObject({
      resourceLimit: 'large',
      connectLimit: 80,
      version: '5.7.2',
      network: 'NodePort',
      xAddresses: [{ protocol: 'MQTT-TCP', port: 31883 }],
    });

    await task(await admin('POST', `${path}/stop`));
    expect(await get()).toMatchObject({ status: 6, replicas: 0 });
    expect(await admin('POST', `${path}/scale/3`)).toMatchObject({ status: 409, body: { message: /start it first/ } });
    const started = await admin('POST', `${path}/start`);
    expect(started.body.data.status).toBe(3);
    await taskEnd(admin, started.body.data.taskId);
    expect(await admin('GET', `${path}/status`)).toMatchObject({ body: { data: { status: 4 } } });

    expect((await admin('PUT', `${path}/update`, { json: { deployName: 'two', desc: 'x' } })).body).toEqual({});
    expect(await admin('DELETE', path, { json: { name: '集群 1' } })).toMatchObject({ status: 400 });
    await task(await admin('DELETE', path, { json: { name: 'two' } }));
    expect((await admin('GET', path)).status).toBe(404);
  });

  test.each([
    ['a name of 201 characters', { deployName: 'n'.repeat(201) }, 'deployName'],
    ['no node', { deployName: 'n', replicas: '0' }, 'replicas'],
    ['eight nodes', { deployName: 'n', replicas: '8' }, 'replicas'],
    ['an unknown image', { deployName: 'n', image: 'emqx:latest' }, 'image'],
    ['an unknown quota', { deployName: 'n', resourceLimit: 'vast' }, 'resourceLimit'],
    ['a network that is no JSON', { deployName: 'n', networkConfig: '{' }, 'networkConfig'],
    ['a certificate that is none', { deployName: 'n', wssTlsCrt: 'x' }, 'wssTlsCrt'],
  ])('%s is refused by name', async (_, form, name) => {
    const { status, body } = await admin('POST', `${project}/deployments`, { form: form as Record<string, string> });
    expect(status).toBe(400);
    expect(body.message).toContain(name);
  });

  test('an unknown cluster is not found', async () => {
    expect((await admin('GET', `${project}/deployments/abcdefgh`)).status).toBe(404);
    expect((await admin('POST', `${project}/deployments/abcdefgh/scale/3`)).status).toBe(404);
  });
});

describe('a managed cluster', () => {
  const base = '/api/clusters/agents/emqxee';
  const report = {
    nodeId: 'node-uuid-1',
    agentVersion: '0.1.0',
    clusterNodes: [{ node: 'emqx@10.0.0.1', version: '5.8.6', status: 'running', uptime: 60_000 }],
    dashboardEnabled: true,
    nodeConnectError: '',
    clusterFetchError: '',
    metricsFetchError: '',
    logsFetchError: '',
    mqttConnectError: '',
  };
  let id: string;
  let agent: Caller;
  let metadata: Answer['body'];
  const get = async () => (await admin('GET', `${project}/deployments/${id}`)).body.data;

  beforeAll(async () => {
    const added = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name: 'plant-1' } });
    expect(added).toMatchObject({ status: 200, body: { type: 3, name: 'plant-1' } });
    id = added.body.id;
    const { registrationToken } = await get();
    expect(registrationToken).toMatch(/^[0-9a-f]{32}$/);
    const registered = await server.call('POST', `${base}/register`, {
      json: { nodeId: report.nodeId, registrationToken },
    });
    agent = caller(server.url, registered.body.token);
  });

  test('is Registering, then Running, then in Error with its cause', async () => {
    expect(await get()).toMatchObject({ status: 12 });
    expect((await agent('POST', `${base}/report`, { json: report })).status).toBe(204);
    expect(await get()).toMatchObject({ status: 4, type: 5, version: '5.8.6', dashboardEnabled: true });
    await agent('POST', `${base}/report`, { json: { ...report, clusterFetchError: 'HTTP 500' } });
    expect(await get()).toMatchObject({ status: 9, xReason: 'HTTP 500' });
    await agent('POST', `${base}/report`, { json: report });
    expect((await admin('GET', `${project}/clusters/${id}/agents`)).body.data).toMatchObject([
      { state: 2, nodeId: report.nodeId, version: '0.1.0', dashboard: true, err: '' },
    ]);
  });

  test('has setup instructions for every architecture', async () => {
    const path = `${project}/clusters/${id}/setupInstructions`;
    const { body } = await admin('GET', `${path}?platform=linux`);
    expect(body.architectures.map((row: { architecture: string }) => row.architecture)).toEqual([
      'amd64',
      'arm',
      'arm64',
    ]);
    const { registrationToken } = await get();
    expect(body.architectures[0].registerInstructions).toContain(registrationToken);
    expect((await admin('GET', `${path}?platform=windows`)).status).toBe(400);
  });

  test('takes logs under the credentials of the metadata alone, and finds them again', async () => {
    metadata = (await agent('GET', `${base}/metadata`)).body;
    const { username, password, indexName } = metadata.elasticsearch;
    const line = (n: number, level: string, message: string) =>
      `${JSON.stringify({ create: { _index: indexName, _id: `id-${n}` } })}\n${JSON.stringify({
        '@timestamp': new Date(1_700_000_000_000 + n).toISOString(),
        'log.level': level,
        message,
        'event.dataset': 'emqx.log',
        'service.node.name': 'emqx@10.0.0.1',
      })}\n`;
    const body = line(1, 'info', 'First Line') + line(2, 'error', '连接断开 client') + line(3, 'warning', '100% of_it');
    const send = (content: string) =>
      server.call('POST', '/_bulk', {
        body: new Uint8Array(gzipSync(content)),
        headers: { ...basic(username, password), 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' },
      });
    const first = await send(body);
    expect(first).toMatchObject({ status: 200, body: { errors: false } });
    expect(first.body.items.map((item: { create: { status: number } }) => item.create.status)).toEqual([201, 201, 201]);
    const second = await send(body + line(4, 'debug', 'new'));
    expect(second.body.items.map((item: { create: { status: number } }) => item.create.status)).toEqual([
      409, 409, 409, 201,
    ]);
    const wrong = await server.call('POST', '/_bulk', { body: 'x\n', headers: basic(username, 'wrong') });
    expect(wrong).toMatchObject({ status: 401, body: { error: { type: 'security_exception' } } });

    const [orgId, projectId] = [project.split('/')[3], project.split('/')[5]];
    const query = async (words: string) => {
      const path = `/api/elastic/document/${orgId}/${projectId}/emqx?clusterId=${id}&start=&end=&${words}`;
      const answer = await admin('GET', path);
      return answer.body.data.map((record: { msg: string }) => record.msg);
    };
    expect(await query('level=&msg=')).toEqual(['First Line', '连接断开 client', '100% of_it', 'new']);
    expect(await query('level=warn&msg=')).toEqual(['连接断开 client', '100% of_it']);
    expect(await query(`level=&msg=${encodeURIComponent('断开 CLIENT')}`)).toEqual(['连接断开 client']);
    expect(await query('level=&msg=0%25%20OF_')).toEqual(['100% of_it']);
    expect(await query('level=&msg=0xof')).toEqual([]);
    expect(await query('level=&msg=&node=other')).toEqual([]);
    expect(await query('level=&msg=&size=2&order=desc')).toEqual(['new', '100% of_it']);
    const page = await admin('GET', `/api/elastic/document/${orgId}/${projectId}/emqx?start=&end=&level=&msg=&size=2`);
    expect(page.body.total).toBe(4);
    expect(await query(`level=&msg=&cursor=${page.body.data[1].cursor}`)).toEqual(['100% of_it', 'new']);
  });

  test('gives the agent its own topics at the broker, and no other', async () => {
    const { mqtt: at, tunnel } = metadata;
    const options = { username: at.username, password: at.password, reconnectPeriod: 0 };
    const client = await mqtt.connectAsync(at.server, options);
    const [granted] = await client.subscribeAsync(tunnel.requestTopic, { qos: 1 });
    expect(granted?.qos).toBe(1);
    await expect(client.subscribeAsync('ecp/#')).rejects.toThrow();
    await client.publishAsync(tunnel.replyTopic, 'x', { qos: 1 });
    await expect(mqtt.connectAsync(at.server, { ...options, password: 'wrong' })).rejects.toThrow(/Bad|authorized/i);
    await client.endAsync();
  });

  test('is transferred, and deleted by its name', async () => {
    const { body: other } = await admin('POST', `${project.split('/projects')[0]}/projects`, {
      json: { name: 'second', members: [] },
    });
    expect(await admin('POST', `${project}/clusters/${id}/transfer`, { json: { projectId: other.id } })).toMatchObject({
      status: 204,
    });
    expect((await admin('GET', `${project}/deployments/${id}`)).status).toBe(404);
    const there = `${project.split('/projects')[0]}/projects/${other.id}/deployments/${id}`;
    const deleted = await admin('DELETE', there, { json: { name: 'plant-1' } });
    expect(await taskEnd(admin, deleted.body.data.taskId)).toMatchObject({ status: 3 });
    expect((await agent('POST', `${base}/report`, { json: report })).status).toBe(401);
  });
});

test('nothing went wrong inside', () => {
  expect(server.lines.filter((line) => line.startsWith('error'))).toEqual([]);
});
