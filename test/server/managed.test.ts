import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { sameEmqx, sightings } from '../../src/server/domain/agents.ts';
import type { Caller, TestServer } from './support.ts';
import { adminPassword, caller, firstProject, taskEnd, testServer } from './support.ts';

const base = '/api/clusters/agents/emqxee';
const begin = Date.now();
let ahead = 0;
/** Stands still until a test moves it: a slow machine changes nothing. */
const clock: Clock = { ...systemClock, now: () => begin + ahead };

let server: TestServer;
let admin: Caller;
let project: string;
let agents: string;
beforeAll(async () => {
  agents = mkdtempSync(join(tmpdir(), 'ecp-agents-'));
  writeFileSync(join(agents, 'emqxee-agent-linux-arm64'), 'the agent');
  server = await testServer({ clock, agentsDirectory: agents, advertiseUrl: 'https://ecp.example.com/' });
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
});
afterAll(async () => {
  await server.stop();
  rmSync(agents, { recursive: true, force: true });
});

const well = {
  agentVersion: '0.1.0',
  dashboardEnabled: false,
  nodeConnectError: '',
  clusterFetchError: '',
  metricsFetchError: '',
  logsFetchError: '',
  mqttConnectError: '',
};
const node = (name: string, version = '5.8.6', uptime = 60_000, status = 'running') => ({
  node: name,
  version,
  status,
  uptime,
});

async function add(name: string) {
  const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name } });
  const path = `${project}/deployments/${body.id}`;
  const get = async () => (await admin('GET', path)).body.data;
  const { registrationToken } = await get();
  return { id: body.id as string, path, get, registrationToken: registrationToken as string };
}

async function join_(registrationToken: string, nodeId: string) {
  const answer = await server.call('POST', `${base}/register`, { json: { nodeId, registrationToken } });
  expect(answer.status).toBe(200);
  const call = caller(server.url, answer.body.token);
  const report = (nodes: object[], errors = {}) =>
    call('POST', `${base}/report`, { json: { ...well, nodeId, clusterNodes: nodes, ...errors } });
  return { call, report };
}

describe('the state', () => {
  test('follows from the reports of all agents, with the cause', async () => {
    const cluster = await add('states');
    expect(await cluster.get()).toMatchObject({ status: 11, type: 3 });
    const first = await join_(cluster.registrationToken, 'states-node-1');
    expect(await cluster.get()).toMatchObject({ status: 12 });
    await first.report([], { nodeConnectError: 'connection refused' });
    expect(await cluster.get()).toMatchObject({ status: 9, xReason: 'connection refused' });
    const second = await join_(cluster.registrationToken, 'states-node-2');
    await second.report([node('emqx@10.1.0.1'), node('emqx@10.1.0.2')]);
    // One healthy agent is enough.
    expect(await cluster.get()).toMatchObject({ status: 4, replicas: 2, version: '5.8.6', type: 5 });
    await second.report([node('emqx@10.1.0.1'), node('emqx@10.1.0.2', '5.8.6', 0, 'stopped')]);
    expect(await cluster.get()).toMatchObject({ status: 9, xReason: 'EMQX node emqx@10.1.0.2 is stopped' });
    await second.report([node('emqx@10.1.0.1')], { logsFetchError: 'no log directory' });
    expect(await cluster.get()).toMatchObject({ status: 4 });
    const { data } = (await admin('GET', `${project}/clusters/${cluster.id}/agents`)).body;
    expect(data).toMatchObject([
      { state: 3, err: 'connection refused' },
      { state: 2, err: 'no log directory' },
    ]);
  });

  test('is Error after three missed heartbeats, and Running with the next', async () => {
    const cluster = await add('silent');
    const agent = await join_(cluster.registrationToken, 'silent-node-1');
    await agent.report([node('emqx@10.2.0.1')]);
    ahead += 34_000;
    expect(await cluster.get()).toMatchObject({ status: 4 });
    ahead += 2000;
    expect(await cluster.get()).toMatchObject({ status: 9, xReason: /no report from the agent for \d+ s/ });
    const { data } = (await admin('GET', `${project}/clusters/${cluster.id}/agents`)).body;
    expect(data).toMatchObject([{ state: 4 }]);
    await agent.report([node('emqx@10.2.0.1')]);
    expect(await cluster.get()).toMatchObject({ status: 4 });
  });

  test.each([
    ['4.4.5', /4\.4\.5 is not supported/],
    ['5.5.1', /5\.5\.1 is not supported/],
    ['5.6.0-alpha.1', /is not supported/],
    ['latest', /cannot be read/],
  ])('is Error for EMQX %s, which cannot be managed', async (version, words) => {
    const cluster = await add(`old ${version.replaceAll('.', '-')}`);
    const agent = await join_(cluster.registrationToken, `old-${version}-node`);
    await agent.report([node('emqx@10.3.0.1', version)]);
    const seen = await cluster.get();
    expect(seen.status).toBe(9);
    expect(seen.xReason).toMatch(words);
  });
});

describe('a registration', () => {
  test('is repeated by the same agent, whose earlier token is void then', async () => {
    const cluster = await add('again');
    const before = await join_(cluster.registrationToken, 'again-node-1');
    const after = await join_(cluster.registrationToken, 'again-node-1');
    expect((await before.report([])).status).toBe(401);
    expect((await after.report([])).status).toBe(204);
    expect((await admin('GET', `${project}/clusters/${cluster.id}/agents`)).body.data).toHaveLength(1);
  });

  test('is refused with a wrong token, and slowed down after some', async () => {
    // From an address of its own, so that nobody else waits.
    const lonely = await testServer();
    try {
      const tried: number[] = [];
      for (let turn = 0; turn < 7; turn++) {
        const json = { nodeId: 'guess-node-1', registrationToken: `guess${turn}` };
        tried.push((await lonely.call('POST', `${base}/register`, { json })).status);
      }
      expect(tried).toEqual([401, 401, 401, 401, 401, 429, 429]);
    } finally {
      await lonely.stop();
    }
  });

  test('under a second cluster is refused while it stands under the first', async () => {
    const [one, two] = [await add('first'), await add('second')];
    const agent = await join_(one.registrationToken, 'shared-node-1');
    const json = { nodeId: 'shared-node-1', registrationToken: two.registrationToken };
    expect((await server.call('POST', `${base}/register`, { json })).status).toBe(409);
    expect((await agent.call('POST', `${base}/unregister`)).status).toBe(204);
    expect((await server.call('POST', `${base}/register`, { json })).status).toBe(200);
    expect(await one.get()).toMatchObject({ status: 11 });
  });

  test('of one EMQX cluster under two entries leaves the later one in Error', async () => {
    const [one, two] = [await add('entry 1'), await add('entry 2')];
    const first = await join_(one.registrationToken, 'entry-node-1');
    const second = await join_(two.registrationToken, 'entry-node-2');
    const nodes = [node('emqx@10.4.0.1', '5.8.6', 100_000), node('emqx@10.4.0.2', '5.8.6', 90_000)];
    await first.report(nodes);
    await second.report(nodes.slice(1));
    expect(await one.get()).toMatchObject({ status: 4 });
    expect(await two.get()).toMatchObject({ status: 9, xReason: /under another entry/ });
    const { body } = await admin('DELETE', one.path, { json: { name: 'entry 1' } });
    await taskEnd(admin, body.data.taskId);
    await second.report(nodes);
    expect(await two.get()).toMatchObject({ status: 4 });
  });

  test('two EMQX that merely have the same name are two', () => {
    const name = 'emqx@127.0.0.1';
    const at = 1_700_000_000_000;
    const seen = (uptime: number) => sightings([node(name, '5.8.6', uptime)], at);
    expect(sameEmqx(seen(60_000), seen(61_000))).toBe(true);
    expect(sameEmqx(seen(60_000), seen(600_000))).toBe(false);
  });

  test('of more agents than a cluster may have is refused', async () => {
    const cluster = await add('crowd');
    for (let agent = 0; agent < 32; agent++) await join_(cluster.registrationToken, `crowd-node-${agent}`);
    const json = { nodeId: 'crowd-node-32', registrationToken: cluster.registrationToken };
    expect(await server.call('POST', `${base}/register`, { json })).toMatchObject({
      status: 409,
      body: { message: /32 agents/ },
    });
  });
});

describe('the setup instructions', () => {
  test('name the advertised address, and the file with its digest where there is one', async () => {
    const cluster = await add('setup');
    const { body } = await admin('GET', `${project}/clusters/${cluster.id}/setupInstructions?platform=`);
    const [amd64, , arm64] = body.architectures;
    expect(amd64.installInstructions).toContain('https://[emqxee-agent-linux-amd64]');
    expect(arm64.installInstructions).toContain('https://ecp.example.com/api/x/agents/emqxee-agent-linux-arm64');
    expect(arm64.installInstructions).toContain(createHash('sha256').update('the agent').digest('hex'));
    expect(arm64.registerInstructions).toContain(cluster.registrationToken);
    // Not as an argument of the agent, where everybody on the machine could read it.
    expect(arm64.registerInstructions).not.toMatch(/--registration-token /);
    expect((await server.call('GET', '/api/x/agents/emqxee-agent-linux-arm64')).body).toBe('the agent');
    expect((await server.call('GET', '/api/x/agents/emqxee-agent-linux-amd64')).status).toBe(404);
  });

  test('for Kubernetes are valid manifests', async () => {
    const cluster = await add('pods');
    const { body } = await admin('GET', `${project}/clusters/${cluster.id}/setupInstructions?platform=kubernetes`);
    const [, manifest = ''] = /<<'END'\n(.*)\nEND\n/s.exec(body.architectures[2].installInstructions) ?? [];
    const [claim, deployment] = manifest.split('---\n').map((text) => parse(text));
    expect(claim).toMatchObject({ kind: 'PersistentVolumeClaim', metadata: { name: `emqxee-agent-${cluster.id}` } });
    expect(deployment.spec.template.spec.nodeSelector).toEqual({ 'kubernetes.io/arch': 'arm64' });
    const [, , script] = deployment.spec.template.spec.containers[0].command;
    expect(script).toContain('emqxee-agent-linux-arm64 && echo');
  });

  test('are not for hosted clusters', async () => {
    const { body } = await admin('POST', `${project}/deployments`, { form: { deployName: 'hosted' } });
    const path = `${project}/clusters/${body.data.id}/setupInstructions?platform=linux`;
    expect(await admin('GET', path)).toMatchObject({ status: 409, body: { message: /for managed clusters only/ } });
  });
});

test('a managed cluster is not scaled, started or repaired', async () => {
  const cluster = await add('not hosted');
  for (const what of ['scale/3', 'start', 'stop', 'repair', 'vertical/small']) {
    expect(await admin('POST', `${cluster.path}/${what}`)).toMatchObject({
      status: 409,
      body: { message: /for hosted clusters only/ },
    });
  }
  expect(await admin('POST', `${cluster.path}/dynamiclicense-update`, { json: { connectLimit: 5 } })).toMatchObject({
    status: 409,
    body: { message: /no node has registered yet/ },
  });
});

test('the service address is given at creation or later, and checked', async () => {
  const form = { name: 'with address', xServiceAddress: 'http://emqx.example.com:18083' };
  const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form });
  const path = `${project}/deployments/${body.id}`;
  expect((await admin('GET', path)).body.data.xServiceAddress).toBe('http://emqx.example.com:18083');
  expect((await admin('PUT', `${path}/update`, { json: { xServiceAddress: 'javascript:alert(1)' } })).status).toBe(400);
  await admin('PUT', `${path}/update`, { json: { xServiceAddress: '' } });
  expect((await admin('GET', path)).body.data).toMatchObject({ xServiceAddress: '', deployName: 'with address' });
});
