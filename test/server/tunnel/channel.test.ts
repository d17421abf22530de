import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../../stand-ins/broker.ts';
import type { EmqxStandIn, Handler } from '../../stand-ins/emqx/server.ts';
import { startEmqx } from '../../stand-ins/emqx/server.ts';
import type { Managed } from '../managed.ts';
import { addManaged } from '../managed.ts';
import type { Caller, TestServer } from '../support.ts';
import { adminPassword, firstProject, taskEnd, testServer } from '../support.ts';
import { fakeAgent } from './fake-agent.ts';
import { realAgent } from './real-agent.ts';

let server: TestServer;
let admin: Caller;
let viewer: Caller;
let stranger: Caller;
let project: string;
let emqx: EmqxStandIn;
let cluster: Managed;
let stopAgent: () => Promise<void>;

/** Paths of no EMQX, for what a real one does not show at will. */
const odd: Handler = (request, response) => {
  if (request.url?.startsWith('/api/v5/echo')) {
    const hash = createHash('sha256');
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      size += chunk.length;
    });
    request.on('end', () => {
      const { method, url, headers } = request;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method, url, headers, size, hash: hash.digest('hex') }));
    });
    return true;
  }
  if (request.url === '/api/v5/large') {
    response.setHeader('content-type', 'application/octet-stream');
    void pipeline(Readable.from(pieces(400)), response).catch(() => {});
    return true;
  }
  if (request.url === '/api/v5/endless') {
    const timer = setInterval(() => response.write('tick\n'), 5);
    response.on('close', () => {
      clearInterval(timer);
      ended.endless += 1;
    });
    return true;
  }
  return false;
};
const ended = { endless: 0 };

function* pieces(count: number): Generator<Buffer> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(16 * 1024, at % 251);
}

const at = (path: string, id = cluster.id) => `/api/emqxee/dashboard/${id}${path}`;

let stopServer: () => Promise<void>;

interface Started {
  readonly server: TestServer;
  stop(): Promise<void>;
}

const sites: (readonly [string, () => Promise<Started>])[] = [
  [
    'the embedded broker',
    async () => {
      const started = await testServer();
      return { server: started, stop: started.stop };
    },
  ],
  [
    'a broker of others',
    async () => {
      const broker = await startBroker();
      const mqtt = { url: broker.url, username: 'ecp', password: 'secret', ca: undefined, usersFile: undefined };
      const started = await testServer({ mqtt });
      const stop = async () => {
        await started.stop();
        await broker.stop();
      };
      return { server: started, stop };
    },
  ],
];

describe.each(sites)('over %s', (_, start) => {
  beforeAll(async () => {
    ({ server, stop: stopServer } = await start());
    admin = await server.as('admin', adminPassword);
    project = await firstProject(admin);
    emqx = await startEmqx({ license: 'business-critical' }, { handle: odd });
    cluster = await addManaged(server, admin, project);
    ({ stop: stopAgent } = await realAgent(emqx, cluster));
    const password = 'password of somebody';
    const made = await Promise.all(
      ['viewer', 'stranger'].map((name) =>
        admin('POST', '/api/users', { json: { name, email: '', admin: false, password } }),
      ),
    );
    const members = [{ userId: made[0]?.body.id, roleIds: [4] }];
    await admin('PUT', project, { json: { name: 'default', members } });
    viewer = await server.as('viewer', 'password of somebody');
    stranger = await server.as('stranger', 'password of somebody');
  });

  afterAll(async () => {
    await stopAgent();
    await stopServer();
    await emqx.stop();
  });

  describe('the channel', () => {
    it("answers with EMQX's own status, type and body", async () => {
      const nodes = await admin('GET', at('/api/v5/nodes'));
      expect(nodes).toMatchObject({ status: 200, body: [{ node: 'emqx@127.0.0.1', node_status: 'running' }] });
      expect(nodes.headers.get('content-type')).toBe('application/json');
      const missing = await admin('GET', at('/api/v5/nothing'), { headers: { accept: 'application/json' } });
      expect(missing).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      expect(
        (await admin('GET', at('/api/v5/nothing'), { headers: { accept: 'text/html' } })).headers.get('content-type'),
      ).toBe('text/html');
    });

    it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
      'carries %s, path and query letter for letter',
      async (method) => {
        const path = '/api/v5/echo/a%2Fb%20c?x=%E4%B8%AD&y=a+b&&z';
        const { authorization } = await bearer();
        const { body } = await server.call(method, at(path), {
          headers: { authorization },
          ...(method !== 'GET' && { json: { a: 1 } }),
        });
        expect(body).toMatchObject({ method, url: path, size: method === 'GET' ? 0 : 7 });
        // The agent's own credentials for EMQX, not the caller's for ECP.
        expect(body.headers.authorization).toMatch(/^Bearer /);
        expect(body.headers.authorization).not.toBe(authorization);
      },
    );

    it('carries HEAD', async () => {
      const { status, headers, body } = await admin('HEAD', at('/api/v5/echo'));
      expect([status, headers.get('content-type'), body]).toEqual([200, 'application/json', undefined]);
    });

    it('streams long bodies both ways', async () => {
      const large = Buffer.concat([...pieces(400)]);
      const hash = createHash('sha256').update(large).digest('hex');
      const up = await admin('POST', at('/api/v5/echo'), {
        body: new Uint8Array(large),
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(up.body).toMatchObject({ size: large.length, hash });
      const { authorization } = await bearer();
      const down = await fetch(server.url + at('/api/v5/large'), { headers: { authorization } });
      expect(
        createHash('sha256')
          .update(Buffer.from(await down.arrayBuffer()))
          .digest('hex'),
      ).toBe(hash);
    });

    it('passes a body on before it is complete, and stops EMQX when the caller has gone', async () => {
      const { authorization } = await bearer();
      const before = ended.endless;
      const first = await new Promise<string>((resolve, reject) => {
        const call = httpRequest(server.url + at('/api/v5/endless'), { headers: { authorization } }, (response) => {
          response.once('data', (chunk: Buffer) => {
            resolve(chunk.toString());
            call.destroy();
          });
        });
        call.on('error', reject);
        call.end();
      });
      expect(first).toContain('tick');
      await expect.poll(() => ended.endless).toBe(before + 1);
    });

    it('lets viewers read and nothing else, and hides the cluster from strangers', async () => {
      expect((await viewer('GET', at('/api/v5/nodes'))).status).toBe(200);
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        expect((await viewer(method, at('/api/v5/echo'), { json: {} })).status).toBe(403);
      }
      expect((await stranger('GET', at('/api/v5/nodes'))).status).toBe(404);
      expect((await server.call('GET', at('/api/v5/nodes'))).status).toBe(401);
      expect((await cluster.agent('GET', at('/api/v5/nodes'))).status).toBe(401);
      expect((await admin('GET', at('/api/v5/nodes', 'nothing-here'))).status).toBe(404);
    });

    it('writes down who changed what, before it is done', async () => {
      await admin('DELETE', at('/api/v5/echo/rule?secret=1'));
      const { body } = await admin('GET', '/api/audit/operations?since=&until=&size=5&offset=0');
      expect(body.data[0]).toMatchObject({ clusterName: cluster.name, operatorName: 'admin' });
      expect(JSON.stringify(body.data[0])).toContain('/api/v5/echo/rule');
      expect(JSON.stringify(body.data[0])).not.toContain('secret=1');
    });

    it.each(['/../status', '/api/v5/%2e%2e/%2e%2e/x', '//example.com/x', '/api/%5c..%5cx'])(
      'refuses the path %s',
      async (path) => {
        const { authorization } = await bearer();
        const { hostname, port } = new URL(server.url);
        const seen = emqx.requests.length;
        const status = await new Promise((resolve) => {
          httpRequest({ hostname, port, path: at(path), headers: { authorization } }, (response) => {
            response.resume();
            resolve(response.statusCode);
          }).end();
        });
        expect(status).toBe(400);
        expect(emqx.requests.length).toBe(seen);
      },
    );

    it('says why when EMQX is down, and when no agent is there', async () => {
      await emqx.stop();
      const down = await admin('GET', at('/api/v5/nodes'));
      expect(down).toMatchObject({ status: 502, body: { message: expect.stringContaining('emqx') } });
      await emqx.start();
      const alone = await addManaged(server, admin, project);
      expect(await admin('GET', at('/api/v5/nodes', alone.id))).toMatchObject({
        status: 503,
        body: { message: expect.stringMatching(/no agent of the cluster is connected/) },
      });
      // The operator reads one line for it, no stack: nothing is wrong with the server.
      expect(server.lines.at(-1)).toMatch(/^error request \w+: EMQX cannot be had here: no agent .*$/);
    });
  });

  describe('a healthy agent', () => {
    it('is chosen before one that has trouble, and another one when it goes', async () => {
      const own = await addManaged(server, admin, project);
      const { id } = own;
      const agents: [number, string][] = [[await agentIdOf(own), own.metadata.mqtt.password]];
      const { registrationToken } = (await admin('GET', `${project}/deployments/${id}`)).body.data;
      const { body } = await server.call('POST', '/api/clusters/agents/emqxee/register', {
        json: { nodeId: 'second-agent', registrationToken },
      });
      const { body: metadata } = await server.call('GET', '/api/clusters/agents/emqxee/metadata', {
        headers: { authorization: `Bearer ${body.token}` },
      });
      agents.push([Number(metadata.mqtt.username.slice(6)), metadata.mqtt.password]);
      const [sick, healthy] = await Promise.all(
        agents.map(([agentId, password]) => fakeAgent(metadata.mqtt.server, agentId, password)),
      );
      await own.report({ nodeConnectError: 'EMQX is down' });
      const report = {
        nodeId: 'second-agent',
        agentVersion: '0.1.0',
        clusterNodes: [],
        dashboardEnabled: true,
        nodeConnectError: '',
        clusterFetchError: '',
        metricsFetchError: '',
        logsFetchError: '',
        mqttConnectError: '',
      };
      await server.call('POST', '/api/clusters/agents/emqxee/report', {
        json: report,
        headers: { authorization: `Bearer ${body.token}` },
      });

      const first = admin('GET', at('/api/v5/nodes', id));
      const asked = await healthy?.next('request');
      healthy?.reply('response', asked?.id ?? '', { status: 200, headers: {} }, Buffer.from('"healthy"'));
      expect((await first).body).toBe('healthy');

      // A read whose connection breaks goes to the other; a write does not, for it may have been done.
      const second = admin('GET', at('/api/v5/nodes', id));
      await healthy?.next('request');
      healthy?.client.stream.destroy();
      const again = await sick?.next('request');
      sick?.reply('response', again?.id ?? '', { status: 200, headers: {} }, Buffer.from('"other"'));
      expect((await second).body).toBe('other');
      const write = admin('PUT', at('/api/v5/nodes', id), { json: {} });
      await sick?.next('request');
      sick?.client.stream.destroy();
      expect(await write).toMatchObject({ status: 502, body: { message: expect.stringContaining('cut') } });
      expect(healthy?.frames).toEqual([]);
    });
  });

  describe('connection limits', () => {
    const limit = async (connectLimit: number) => {
      const { body } = await admin('POST', `${project}/deployments/${cluster.id}/dynamiclicense-update`, {
        json: { connectLimit },
      });
      return taskEnd(admin, body.data.taskId);
    };
    const setting = async () => (await admin('GET', at('/api/v5/license/setting'))).body;

    it('are set in EMQX, and given back', async () => {
      expect(await limit(120)).toMatchObject({ status: 3 });
      expect(await setting()).toMatchObject({ dynamic_max_connections: 120 });
      expect((await admin('GET', `${project}/deployments/${cluster.id}`)).body.data.connectLimit).toBe(120);
      expect(await limit(0)).toMatchObject({ status: 3 });
      expect(await setting()).toMatchObject({ dynamic_max_connections: 0 });
    });

    it('fail where the license of EMQX drops them with a 200, and nothing is reserved', async () => {
      emqx.knobs.license = 'official';
      const other = await startEmqx({ license: 'official' });
      const own = await addManaged(server, admin, project);
      const agent = await realAgent(other, own);
      const { body } = await admin('POST', `${project}/deployments/${own.id}/dynamiclicense-update`, {
        json: { connectLimit: 50 },
      });
      expect(await taskEnd(admin, body.data.taskId)).toMatchObject({
        status: 4,
        xReason: expect.stringMatching(/business-critical/),
      });
      expect((await admin('GET', `${project}/deployments/${own.id}`)).body.data.connectLimit).toBe(0);
      await agent.stop();
      await other.stop();
      emqx.knobs.license = 'business-critical';
    });

    it('are asked of EMQX 4.4 at the path that is configured, and are unsupported where nothing is there', async () => {
      const old = await startEmqx({ generation: 4, version: '4.4.19', license: 'business-critical' });
      const nodes = [{ node: 'emqx@10.0.0.4', version: '4.4.19', status: 'Running', uptime: 60_000 }];
      const own = await addManaged(server, admin, project, nodes);
      const agent = await realAgent(old, own);
      const set = async () => {
        const { body } = await admin('POST', `${project}/deployments/${own.id}/dynamiclicense-update`, {
          json: { connectLimit: 60 },
        });
        return taskEnd(admin, body.data.taskId);
      };
      expect(await set()).toMatchObject({ status: 4, xReason: expect.stringMatching(/does not support.*404/) });
      expect((await admin('GET', `${project}/deployments/${own.id}`)).body.data.connectLimit).toBe(0);
      old.knobs.dynamicLicensePath = '/dynamic_license';
      expect(await set()).toMatchObject({ status: 3 });
      expect(old.knobs.dynamicMaxConnections).toBe(60);
      expect((await admin('GET', `${project}/deployments/${own.id}`)).body.data.connectLimit).toBe(60);
      await agent.stop();
      await old.stop();
    });

    it('are given back before a delete, which fails where they cannot be', async () => {
      await limit(30);
      await stopAgent();
      const remove = async () => {
        const { body } = await admin('DELETE', `${project}/deployments/${cluster.id}`, {
          json: { name: cluster.name },
        });
        return taskEnd(admin, body.data.taskId);
      };
      expect(await remove()).toMatchObject({
        status: 4,
        xReason: expect.stringMatching(/no agent of the cluster is connected/),
      });
      ({ stop: stopAgent } = await realAgent(emqx, cluster));
      expect(await remove()).toMatchObject({ status: 3 });
      expect((await admin('GET', at('/api/v5/nodes'))).status).toBe(404);
      expect(emqx.requests.at(-1)).toMatchObject({ method: 'PUT', url: '/api/v5/license/setting' });
    });
  });
});

async function agentIdOf(managed: Managed): Promise<number> {
  return Number(managed.metadata.mqtt.username.slice('agent-'.length));
}

async function bearer(): Promise<{ authorization: string }> {
  const { body } = await server.call('POST', '/api/account/login', {
    json: { username: 'admin', password: adminPassword },
  });
  return { authorization: `Bearer ${body.accessToken}` };
}
