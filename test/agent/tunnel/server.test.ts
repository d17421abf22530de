import { createHash, randomBytes } from 'node:crypto';
import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from 'vitest';
import { Telemetry } from '../../../src/contract/telemetry.ts';
import { agentTopics } from '../../../src/server/tunnel/names.ts';
import { startTunnel as startServerTunnel } from '../../../src/server/tunnel/tunnel.ts';
import type { Knobs } from '../../stand-ins/emqx/knobs.ts';
import type { Handler } from '../../stand-ins/emqx/server.ts';
import { emqx } from '../emqx/rig.ts';
import { collect } from './requester.ts';
import { atEnd, looked, startTunnel, tunnelSettings, until } from './rig.ts';

const agentId = 7;
const { signal } = new AbortController();

/** Agent and embedded server face to face: the two halves of the tunnel that ship. */
async function faceToFace(knobs: Partial<Knobs> = {}, handle?: Handler) {
  const node = await emqx(knobs, handle && { handle });
  const observer = await looked(node);
  const told: Buffer[] = [];
  const server = await startServerTunnel({
    host: '127.0.0.1',
    port: 0,
    admit: async (_, password) => (password === 'mqtt-secret' ? agentId : undefined),
    onTelemetry: (_, message) => told.push(message),
  });
  atEnd(() => server.close());
  const { request, reply, telemetry } = agentTopics(agentId);
  const settings = tunnelSettings(`mqtt://127.0.0.1:${server.port}`, {
    requestTopic: request,
    replyTopic: reply,
    telemetryTopic: telemetry,
  });
  const { tunnel } = startTunnel(settings, observer.gateway);
  await until(() => tunnel.status().state === 'healthy' && server.isConnected(agentId));
  const ask = (path: string, more: Partial<Parameters<typeof server.request>[1]> = {}, stop = signal) =>
    server.request(agentId, { method: 'GET', path, headers: {}, deadlineMs: 10_000, ...more }, stop);
  return { node, observer, server, settings, tunnel, ask, told };
}

const echo: Handler = (request, response) => {
  if (request.url === '/hang') return true;
  if (request.url !== '/echo') return false;
  request.pipe(response);
  return true;
};

describe('the agent and the embedded server', () => {
  it('carry small and large, up and down', async () => {
    const { ask } = await faceToFace({}, echo);
    const small = await ask('/api/v5/cluster');
    expect(JSON.parse((await collect(small.body)).toString())).toMatchObject({ self: 'emqx@127.0.0.1' });
    const bytes = randomBytes(5_000_000);
    async function* upload() {
      for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
    }
    const digest = (some: Buffer) => createHash('sha256').update(some).digest('hex');
    const large = await ask('/echo', { method: 'POST', body: upload() });
    expect(digest(await collect(large.body))).toBe(digest(bytes));
    const whole = await ask('/echo', { method: 'POST', body: bytes.subarray(0, 200_000) });
    expect((await collect(whole.body)).equals(bytes.subarray(0, 200_000))).toBe(true);
  });

  it('agree on refusals, deadlines and who has gone', async () => {
    const { ask, tunnel, server, node } = await faceToFace({}, echo);
    await expect(ask('/a/../b')).rejects.toMatchObject({ code: 'refused' });
    await expect(ask('/hang', { deadlineMs: 100 })).rejects.toMatchObject({ code: 'deadline' });
    const stop = new AbortController();
    const asked = ask('/hang', {}, stop.signal).catch((error: unknown) => error);
    await until(() => node.requests.filter(({ url }) => url === '/hang').length === 2);
    stop.abort();
    expect(await asked).toMatchObject({ code: 'cancelled' });
    await until(() => tunnel.status().inFlight === 0);
    const hanging = ask('/hang').catch((error: unknown) => error);
    await until(() => tunnel.status().inFlight === 1);
    await tunnel.stop(0);
    expect(await hanging).toMatchObject({ code: 'cut' });
    await until(() => !server.isConnected(agentId));
    await expect(ask('/')).rejects.toMatchObject({ code: 'cut' });
  });

  it('set a connection limit on v5, and read from the answer whether it took', async () => {
    const put = { method: 'PUT' as const, headers: { 'content-type': 'application/json' } };
    const body = Buffer.from('{"dynamic_max_connections":50}');
    for (const license of ['business-critical', 'official'] as const) {
      const { ask } = await faceToFace({ license });
      const answer = await ask('/api/v5/license/setting', { ...put, body });
      expect(answer.status).toBe(200);
      const setting = JSON.parse((await collect(answer.body)).toString());
      expect(setting.dynamic_max_connections).toBe(license === 'official' ? undefined : 50);
    }
  });

  it('push a license and then a limit, and see what counts', async () => {
    const { ask, node } = await faceToFace({
      licenseKeys: { bc: { license: 'business-critical', maxConnections: 500 } },
    });
    const post = (key: string) =>
      ask('/api/v5/license', { method: 'POST', body: Buffer.from(JSON.stringify({ key })) });
    expect((await post('wrong')).status).toBe(400);
    expect((await post('bc')).status).toBe(200);
    for (const [limit, counts] of [
      [100, 100],
      [9999, 500],
    ] as const) {
      await ask('/api/v5/license/setting', {
        method: 'PUT',
        body: Buffer.from(JSON.stringify({ dynamic_max_connections: limit })),
      });
      const answer = await collect((await ask('/api/v5/license')).body);
      expect(JSON.parse(answer.toString())).toMatchObject({ max_connections: counts, customer_type: 3 });
    }
    expect(node.knobs.dynamicMaxConnections).toBe(9999);
  });

  it('reach v4 with the dashboard user, whose unknown calls are plain text', async () => {
    const { ask } = await faceToFace({ generation: 4, version: '4.4.19' });
    const nodes = await ask('/api/v4/nodes');
    expect(JSON.parse((await collect(nodes.body)).toString())).toMatchObject({ code: 0 });
    const limit = await ask('/api/v4/dynamic_license', { method: 'POST', body: Buffer.from('{}') });
    expect([limit.status, (await collect(limit.body)).toString()]).toEqual([404, 'Not found.']);
  });

  it('pass telemetry on', async () => {
    const { observer, tunnel, told } = await faceToFace();
    const telemetry = observer.telemetry();
    if (!telemetry) throw new Error('no telemetry');
    tunnel.offer(telemetry);
    await until(() => told.length === 1);
    expect(Value.Check(Telemetry, JSON.parse(String(told[0])))).toBe(true);
  });

  it('find each other again after the server was gone', async () => {
    const { server, tunnel, settings } = await faceToFace();
    await server.close();
    await until(() => tunnel.status().state === 'failing');
    const again = await startServerTunnel({
      host: '127.0.0.1',
      port: Number(new URL(settings.server).port),
      admit: async () => agentId,
      onTelemetry: () => {},
    });
    atEnd(() => again.close());
    await until(() => tunnel.status().state === 'healthy' && again.isConnected(agentId));
    const request = { method: 'GET', path: '/api/v5/nodes', headers: {}, deadlineMs: 5000 } as const;
    expect((await again.request(agentId, request, signal)).status).toBe(200);
  });
});
