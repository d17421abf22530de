import { once, setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectionId, encodeFrame } from '../../../src/contract/frames.ts';
import { agentTopics, agentUserName } from '../../../src/server/tunnel/names.ts';
import type { Tunnel } from '../../../src/server/tunnel/tunnel.ts';
import { startTunnel } from '../../../src/server/tunnel/tunnel.ts';
import { closing, fakeAgent } from './fake-agent.ts';

const victim = 1;
const hostile = 2;
let tunnel: Tunnel;
let url: string;
let telemetry: [number, string][];

beforeEach(async () => {
  telemetry = [];
  tunnel = await startTunnel({
    host: '127.0.0.1',
    port: 0,
    admit: async (name, password) =>
      [victim, hostile].find((id) => name === agentUserName(id) && password === `secret-${id}`),
    onTelemetry: (agentId, message) => telemetry.push([agentId, message.toString()]),
  });
  url = `mqtt://127.0.0.1:${tunnel.port}`;
});

afterEach(() => tunnel.close());

const ask = { method: 'GET', path: '/api/v5/nodes', headers: {}, deadlineMs: 5000 } as const;

describe('an agent that wants what is not its own', () => {
  it.each([
    ['a wrong password', { username: 'agent-1', password: 'secret-2' }],
    ['no password', { username: 'agent-1' }],
    ['nothing', {}],
    ['an agent that is not registered', { username: 'agent-77', password: 'secret-77' }],
    ['a name that only looks like one', { username: 'agent-1/', password: 'secret-1' }],
    ['the same number written otherwise', { username: 'agent-01', password: 'secret-1' }],
  ])('is not let in with %s, and the one it names stays', async (_, credentials) => {
    const own = await fakeAgent(url, victim);
    await expect(
      connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, clientId: 'agent-1', ...credentials }),
    ).rejects.toThrow(/Bad username or password/);
    expect(tunnel.isConnected(victim)).toBe(true);
    expect(own.client.connected).toBe(true);
    await own.client.endAsync();
  });

  it('cannot push another out by taking its client id', async () => {
    const own = await fakeAgent(url, victim);
    const other = await connectAsync(url, {
      protocolVersion: 4,
      reconnectPeriod: 0,
      clientId: 'agent-1',
      username: 'agent-2',
      password: 'secret-2',
    });
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    await Promise.all([own.client.endAsync(), other.endAsync()]);
  });

  it.each([
    '#',
    '+/+/+/+',
    'ecp/#',
    'ecp/agents/+/request',
    agentTopics(victim).request,
    agentTopics(victim).reply,
    '$SYS/#',
    '$share/x/#',
    `$share/x/${agentTopics(victim).request}`,
    `${agentTopics(victim).request}/#`,
  ])('may not subscribe to %s', async (topic) => {
    const { client } = await fakeAgent(url, hostile);
    let heard = 0;
    client.on('message', () => heard++);
    await expect(client.subscribeAsync(topic, { qos: 1 })).rejects.toThrow(/Unspecified error|not authorized/i);
    const own = await fakeAgent(url, victim);
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: {} });
    await answer;
    expect(heard).toBe(0);
    await Promise.all([own.client.endAsync(), client.endAsync()]);
  });

  it.each([
    agentTopics(victim).reply,
    agentTopics(victim).request,
    agentTopics(victim).telemetry,
    '$SYS/x',
    'anything',
    `${agentTopics(hostile).reply}/more`,
  ])('is cut off when it publishes to %s, and nothing of it arrives', async (topic) => {
    const own = await fakeAgent(url, victim);
    const { client } = await fakeAgent(url, hostile);
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    const closed = closing(client);
    client.publish(topic, encodeFrame('response', id, { status: 418, headers: {} }), { qos: 1 });
    await closed;
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    expect(own.frames).toEqual([]);
    expect(telemetry).toEqual([]);
    await own.client.endAsync();
  });

  it.each([
    ['10,001 levels', `${'a/'.repeat(10_000)}a`],
    ['60,000 characters', 'x'.repeat(60_000)],
    ['a NUL at its end', `${agentTopics(hostile).reply}\0`],
  ])('gets nowhere with a topic of %s', async (_, topic) => {
    const own = await fakeAgent(url, victim);
    for (const attempt of ['subscribe', 'publish'] as const) {
      const { client } = await fakeAgent(url, hostile);
      const closed = closing(client);
      if (attempt === 'subscribe') await expect(client.subscribeAsync(topic, { qos: 1 })).rejects.toThrow();
      else {
        client.publish(topic, 'x', { qos: 1 });
        await closed;
      }
      await client.endAsync(true);
    }
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    expect(telemetry).toEqual([]);
    await own.client.endAsync();
  });

  it('cannot leave a will in the name of another', async () => {
    const own = await fakeAgent(url, victim);
    const client = await connectAsync(url, {
      protocolVersion: 4,
      reconnectPeriod: 0,
      username: 'agent-2',
      password: 'secret-2',
      will: {
        topic: agentTopics(victim).reply,
        payload: encodeFrame('error', connectionId, { code: 'cut', message: '' }),
        qos: 1,
        retain: false,
      },
    });
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    client.stream.destroy();
    await closing(client);
    // What the broker does with the will, it has done before it takes the next connection of that agent.
    await (await fakeAgent(url, hostile)).client.endAsync();
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    await own.client.endAsync();
  });

  it('leaves nothing behind in retained messages', async () => {
    const { client } = await fakeAgent(url, hostile);
    const closed = closing(client);
    client.publish(agentTopics(hostile).reply, 'kept', { qos: 1, retain: true });
    await closed;
  });

  it('cannot fill the memory with one long packet', async () => {
    const socket = connect(Number(tunnel.port), '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.on('error', () => {});
    // A CONNECT that says 200 MiB follow.
    socket.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x64]));
    await closed;
  });

  it.each(['reply', 'telemetry'] as const)('cannot send one message on its %s topic that is too long', async (kind) => {
    const own = await fakeAgent(url, victim);
    const { client } = await fakeAgent(url, hostile);
    const closed = closing(client);
    client.publish(agentTopics(hostile)[kind], Buffer.alloc(2 * 1024 * 1024), { qos: 1 });
    await closed;
    expect(telemetry).toEqual([]);
    await own.client.endAsync();
  });

  it('does not stand in the way of others by a flood of whatever it may send', async () => {
    const own = await fakeAgent(url, victim);
    const { client } = await fakeAgent(url, hostile);
    const { reply, telemetry: mine } = agentTopics(hostile);
    for (let n = 0; n < 5000; n++) client.publish(n % 2 ? reply : mine, Buffer.alloc(1024, 'x'), { qos: 0 });
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    await Promise.all([own.client.endAsync(), client.endAsync(true)]);
  });

  it('holds up nobody when it stops reading what is sent to it', async () => {
    const own = await fakeAgent(url, victim);
    const { client } = await fakeAgent(url, hostile);
    (client.stream as Socket).pause();
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const headers = { 'x-long': 'y'.repeat(16_000) };
    const stuck = Array.from({ length: 32 }, () =>
      tunnel.request(hostile, { ...ask, method: 'POST', headers, body: Buffer.alloc(64 * 1024) }, signal),
    );
    for (const request of stuck) request.catch(() => {});
    await expect(tunnel.request(hostile, ask, signal)).rejects.toMatchObject({ code: 'busy' });
    const answer = tunnel.request(victim, ask, signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    await Promise.all([own.client.endAsync(), client.endAsync(true)]);
  });

  it('cannot leave requests behind for its next connection', async () => {
    const first = await fakeAgent(url, hostile);
    await first.client.endAsync();
    await expect.poll(() => tunnel.isConnected(hostile)).toBe(false);
    await expect(tunnel.request(hostile, ask, new AbortController().signal)).rejects.toMatchObject({ code: 'cut' });
    const second = await fakeAgent(url, hostile);
    const answer = tunnel.request(hostile, { ...ask, path: '/second' }, new AbortController().signal);
    const request = await second.next('request');
    expect(request.header.path).toBe('/second');
    second.reply('response', request.id, { status: 204, headers: {} });
    await answer;
    await second.client.endAsync();
  });
});

describe('an agent on its own topics', () => {
  it('is heard on its telemetry topic', async () => {
    const { client } = await fakeAgent(url, victim);
    await client.publishAsync(agentTopics(victim).telemetry, '{"version":1}');
    await expect.poll(() => telemetry).toEqual([[victim, '{"version":1}']]);
    await client.endAsync();
  });

  it('speaks through a WebSocket on the same port', async () => {
    const own = await fakeAgent(`ws://127.0.0.1:${tunnel.port}/mqtt`, victim);
    const answer = tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: { a: 'b' } }, Buffer.from('body'));
    const { headers, body } = await answer;
    expect(headers).toEqual({ a: 'b' });
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('body');
    await own.client.endAsync();
  });

  it('is disconnected when it is dropped', async () => {
    const { client } = await fakeAgent(url, victim);
    const closed = closing(client);
    tunnel.drop(victim);
    await closed;
    expect(tunnel.isConnected(victim)).toBe(false);
  });
});
