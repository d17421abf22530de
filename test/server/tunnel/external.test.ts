import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'aedes';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { agentTopics } from '../../../src/server/tunnel/names.ts';
import { Uplink } from '../../../src/server/tunnel/uplink.ts';
import { UsersFile } from '../../../src/server/tunnel/users-file.ts';
import type { Broker } from '../../stand-ins/broker.ts';
import { startBroker } from '../../stand-ins/broker.ts';
import type { Line } from './carriers.ts';
import { over } from './carriers.ts';
import type { FakeAgent } from './fake-agent.ts';
import { fakeAgent } from './fake-agent.ts';

const ask = { method: 'GET', path: '/api/v5/nodes', headers: {}, deadlineMs: 60_000 } as const;
const { signal } = new AbortController();
const port = (url: string) => Number(new URL(url).port);

/** The server as the broker knows it. */
let server: Promise<Client>;
let broker: Broker;
let line: Line;
let agent: FakeAgent;

beforeEach(async () => {
  broker = await startBroker();
  server = new Promise((resolve) => broker.aedes.once('client', resolve));
  line = await over(broker.url);
  agent = await fakeAgent(broker.url, 1);
  await line.ready(1);
});

afterEach(async () => {
  await agent.client.endAsync(true);
  await line.close();
  await broker.stop().catch(() => {});
});

describe('a broker of others that goes away', () => {
  it('cuts what is under way at once, is named once, and is used again when it is back', async () => {
    const cut = line.tunnel.request(1, ask, signal);
    const { id: first } = await agent.next('request');
    const ended = expect(cut).rejects.toMatchObject({ code: 'cut', message: expect.stringMatching(/broker was cut/) });
    await broker.stop();
    await ended;
    expect(line.tunnel.isConnected(1)).toBe(false);
    expect(line.tunnel.trouble()).toContain(`the MQTT broker ${broker.url} cannot be used: `);
    // Refused again and again meanwhile.
    await expect.poll(() => line.lines.some((text) => text.includes('nothing listens there'))).toBe(true);

    broker = await startBroker({ port: port(broker.url) });
    await expect.poll(() => line.tunnel.trouble(), { timeout: 10_000 }).toBe(undefined);
    agent = await fakeAgent(broker.url, 1);
    await line.ready(1);
    expect((await agent.next('cancel')).id).toBe(first);
    const answer = line.tunnel.request(1, ask, signal);
    const { id } = await agent.next('request');
    agent.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    const told = line.lines.map((text) => text.replace(broker.url, 'URL'));
    expect(new Set(told).size).toBe(told.length - 1);
    expect(told.at(0)).toBe('info connected to the MQTT broker URL');
    expect(told.at(-1)).toBe('info connected to the MQTT broker URL');
  });

  it('does not keep an agent busy with what nobody waits for any more', async () => {
    const cut = line.tunnel.request(1, ask, signal);
    const { id } = await agent.next('request');
    const own = await server;
    own.close();
    await expect(cut).rejects.toMatchObject({ code: 'cut' });
    expect((await agent.next('cancel')).id).toBe(id);
  });

  it('may come up after the server', async () => {
    const { url } = broker;
    await broker.stop();
    const early = await over(url);
    expect(early.lines).toEqual([
      `error the MQTT broker ${url} cannot be used: nothing listens there; no agent can be reached until it is back`,
    ]);
    broker = await startBroker({ port: port(url) });
    await expect.poll(() => early.tunnel.trouble(), { timeout: 10_000 }).toBe(undefined);
    await early.close();
  });

  it.each([
    [4, 'it does not accept our user name and password'],
    [3, 'it is not ready'],
  ])('is named with its reason where it refuses with %i', async (code, reason) => {
    const refusing = await startBroker({ refuse: () => code });
    const other = await over(refusing.url);
    expect(other.tunnel.trouble()).toBe(`the MQTT broker ${refusing.url} cannot be used: ${reason}`);
    await other.close();
    await refusing.stop();
  });

  it('is named where it does not let the server listen to agents', async () => {
    const refusing = await startBroker({ refuseTopic: 'ecp/agents/+/reply' });
    const other = await over(refusing.url);
    expect(other.tunnel.trouble()).toMatch(/does not let us subscribe to ecp\/agents\/\+\/reply/);
    await other.close();
    await refusing.stop();
  });

  it('that takes nothing off our hands does not fill the memory: what is new is refused as busy', async () => {
    // From now on nothing is acknowledged.
    broker.aedes.authorizePublish = () => {};
    let up = () => {};
    const connected = new Promise<void>((resolve) => {
      up = resolve;
    });
    const uplink = new Uplink({
      ...{ url: broker.url, username: undefined, password: undefined, ca: undefined },
      ...{ clock: systemClock, random: () => 0, log: () => {}, filters: { x: 1 }, onMessage: () => {} },
      ...{ onUp: up, onDown: () => {} },
    });
    await connected;
    const piece = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent <= 64; sent++) uplink.send('x', piece, 1);
    expect(() => uplink.send('x', piece, 1)).toThrow(/does not keep up/);
    // What ends an exchange still goes: else nothing would ever become less.
    expect(() => uplink.send('x', Buffer.alloc(24), 1)).not.toThrow();
    // Nor does such a broker hold up the end of the server: its silence alone would be noticed after 22 s, too late for
    // this test.
    await uplink.close();
  }, 15_000);
});

describe('agents behind a broker of others', () => {
  it('are missed when their last will comes', async () => {
    const answer = line.tunnel.request(1, ask, signal);
    await agent.next('request');
    agent.client.stream.destroy();
    await expect(answer).rejects.toMatchObject({ code: 'cut' });
    expect(line.tunnel.isConnected(1)).toBe(false);
  });

  it('are not listened to once they are removed', async () => {
    line.tunnel.drop(1);
    await agent.client.publishAsync(agentTopics(1).telemetry, '{}', { qos: 1 });
    const other = await fakeAgent(broker.url, 2);
    await other.client.publishAsync(agentTopics(2).telemetry, '{"second":2}', { qos: 1 });
    await expect.poll(() => line.telemetry).toEqual([[2, '{"second":2}']]);
    await other.client.endAsync();
  });

  it('that were never registered are not listened to', async () => {
    const stranger = await fakeAgent(broker.url, 77);
    await stranger.client.publishAsync(agentTopics(77).telemetry, '{}', { qos: 1 });
    await agent.client.publishAsync(agentTopics(1).telemetry, '{"first":1}', { qos: 1 });
    await expect.poll(() => line.telemetry).toEqual([[1, '{"first":1}']]);
    expect(line.tunnel.isConnected(77)).toBe(false);
    await stranger.client.endAsync();
  });

  it('are told from what a broker has retained', async () => {
    await agent.client.publishAsync(agentTopics(2).telemetry, '{"old":1}', { qos: 1, retain: true });
    const later = await over(broker.url);
    await agent.client.publishAsync(agentTopics(2).telemetry, '{"new":1}', { qos: 1 });
    await expect.poll(() => later.telemetry).toEqual([[2, '{"new":1}']]);
    await later.close();
  });

  it('are told goodbye by a server that ends: what they carry for it is cancelled', async () => {
    const answer = line.tunnel.request(1, ask, signal);
    const { id } = await agent.next('request');
    const told = agent.next('cancel');
    const cut = expect(answer).rejects.toMatchObject({ code: 'cut' });
    await line.close();
    await cut;
    expect((await told).id).toBe(id);
    line = await over(broker.url);
  });
});

describe('the users of the broker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'users-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'users');
  const users = [1, 2].map((n) => ({ name: `agent-${n}`, password: `secret-${n}` }));

  it('are in a file that only changes when they do, without their passwords', () => {
    const file = new UsersFile(path, (_, text) => expect.fail(text));
    file.update(users);
    const { ino, mode } = statSync(path);
    const text = readFileSync(path, 'utf8');
    expect(mode & 0o777).toBe(0o640);
    expect(text).toMatch(/^(agent-[12]:\$7\$101\$[\w+/]{16}\$[\w+/]{86}==\n){2}$/);
    file.update(users);
    expect(statSync(path).ino).toBe(ino);
    file.update([...users, { name: 'agent-3', password: 'secret-3' }]);
    expect(readFileSync(path, 'utf8').startsWith(text)).toBe(true);
    file.update(users.slice(0, 1));
    expect(readFileSync(path, 'utf8')).toBe(text.split('\n')[0] + '\n');
  });

  it('are said once not to be writable, and written as soon as they are', () => {
    const told: string[] = [];
    const file = new UsersFile(join(path, 'below-a-file'), (_, text) => told.push(text));
    file.update(users);
    file.update(users);
    expect(told).toEqual([expect.stringMatching(/users cannot be written: E(NOTDIR|EXIST)/)]);
  });
});
