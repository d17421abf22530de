import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { IClientOptions } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectionId, encodeFrame } from '../../../src/contract/frames.ts';
import { agentTopics } from '../../../src/server/tunnel/names.ts';
import { must } from '../../e2e/site.ts';
import { until } from '../../e2e/stage.ts';
import { createAuthority } from '../../stand-ins/certificates.ts';
import type { Line } from './carriers.ts';
import { overMosquitto } from './carriers.ts';
import type { FakeAgent } from './fake-agent.ts';
import { closing, fakeAgent } from './fake-agent.ts';
import type { Mosquitto } from './mosquitto.ts';
import { hasMosquitto, mosquitto } from './mosquitto.ts';
import { Plant } from './plant.ts';

const victim = 1;
const hostile = 2;
const ask = { method: 'GET', path: '/api/v5/nodes', headers: {}, deadlineMs: 5000 } as const;

describe.runIf(hasMosquitto)('behind mosquitto as docs/tunnel.md sets it up, an agent that means harm', () => {
  let line: Line;
  let own: FakeAgent;
  beforeEach(async () => {
    line = await overMosquitto();
    own = await fakeAgent(line.url, victim);
    await line.ready(victim);
  });
  afterEach(async () => {
    await own.client.endAsync(true);
    await line.close();
  });

  const login = (more: Partial<Record<keyof IClientOptions, unknown>> = {}) =>
    connectAsync(line.url, {
      protocolVersion: 4,
      reconnectPeriod: 0,
      username: `agent-${hostile}`,
      password: `secret-${hostile}`,
      ...(more as IClientOptions),
    });

  /** The victim is served, and nobody else has heard or disturbed it. */
  async function works(meanwhile: (id: string) => Promise<void> = async () => {}): Promise<void> {
    const answer = line.tunnel.request(victim, ask, new AbortController().signal);
    const { id } = await own.next('request');
    await meanwhile(id);
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    expect(own.frames).toEqual([]);
  }

  it.each([
    ['a wrong password', { username: 'agent-1', password: 'secret-2' }],
    ['no password', { username: 'agent-1', password: undefined }],
    ['nothing', { username: undefined, password: undefined }],
    ['an agent that is not registered', { username: 'agent-77', password: 'secret-77' }],
    ["the server's name", { username: 'ecp', password: 'secret-2' }],
  ])('is not let in with %s', async (_, credentials) => {
    await expect(login(credentials)).rejects.toThrow(/not authorized|Bad username|Connection refused/i);
    await works();
  });

  it('cannot push another out by taking its client id', async () => {
    const other = await login({ clientId: 'agent-1' });
    await works();
    await other.endAsync();
  });

  it.each([
    '#',
    '+/+/+/+',
    'ecp/#',
    'ecp/agents/+/request',
    agentTopics(victim).request,
    agentTopics(victim).reply,
    '$share/x/ecp/agents/+/request',
    '$share/x/#',
  ])('hears nothing of others on %s', async (topic) => {
    const client = await login();
    const heard: string[] = [];
    const asked = new Promise<void>((resolve) => {
      client.on('message', (name) => (name === agentTopics(hostile).request ? resolve() : heard.push(name)));
    });
    await client.subscribeAsync([topic, agentTopics(hostile).request], { qos: 1 }).catch(() => {});
    await works();
    // It is asked whether it is there, after the victim was: what it could hear has come by then.
    const looked = line.tunnel.look([hostile]);
    await asked;
    expect(heard).toEqual([]);
    await looked;
    await client.endAsync();
  });

  it.each([agentTopics(victim).reply, agentTopics(victim).request, agentTopics(victim).telemetry, '$SYS/x', 'ecp/x'])(
    'reaches nobody by publishing to %s',
    async (topic) => {
      const client = await login();
      await works(async (id) => {
        const forged = encodeFrame('response', id, { status: 418, headers: {} });
        await client.publishAsync(topic, forged, { qos: 1 }).catch(() => {});
      });
      expect(line.telemetry).toEqual([]);
      await client.endAsync(true);
    },
  );

  it('cannot leave a will in the name of another', async () => {
    const payload = encodeFrame('error', connectionId, { code: 'cut', message: '' });
    const client = await login({ will: { topic: agentTopics(victim).reply, payload, qos: 1, retain: false } });
    await works(async () => {
      client.stream.destroy();
      await closing(client);
      await (await login()).endAsync();
    });
  });

  it('leaves nothing behind in retained messages', async () => {
    const client = await login();
    const closed = closing(client);
    client.publish(agentTopics(hostile).reply, 'kept', { qos: 1, retain: true });
    await closed;
    await works();
  });

  it('cannot fill the memory with one long packet', async () => {
    const socket = connect(Number(new URL(line.url).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // A CONNECT that says 200 MiB follow.
    socket.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x64, 0, 4]));
    await closed;
    await works();
  });

  it('does not stand in the way of others by a flood of telemetry and replies', async () => {
    const client = await login();
    const { reply, telemetry } = agentTopics(hostile);
    const junk = Buffer.alloc(1024, 'x');
    for (let n = 0; n < 5000; n++) client.publish(n % 2 ? reply : telemetry, junk, { qos: 0 });
    await works();
    await client.endAsync(true);
  });
});

describe.runIf(hasMosquitto)('the programs over mosquitto', () => {
  const authority = createAuthority();
  let broker: Mosquitto;
  let plant: Plant;
  beforeAll(async () => {
    broker = await mosquitto(authority.issue('broker'));
    plant = new Plant();
  });
  afterAll(async () => {
    await plant.close();
    await broker.close();
  }, 30_000);

  const nodes = () => plant.stage.run('ecpctl', ['emqx', 'plant-1', '/api/v5/nodes']);

  it('reach EMQX over mqtts once the broker has read its users, and name the broker while it is gone', async () => {
    const ca = plant.file('ca.pem', authority.cert);
    await plant.open(
      ...['--mqtt', broker.url, '--mqtt-ca-file', ca, '--mqtt-username', 'ecp'],
      ...['--mqtt-password-file', plant.file('password', 'of the server\n'), '--mqtt-users-file', broker.usersFile],
    );
    expect(plant.server.mqtt).toBe(broker.url);
    expect(await nodes()).toMatchObject({ code: 4 });
    broker.reload();
    await plant.join('plant-1', '--ca-file', ca);
    await until('its users are written', () => /^ecp:.*\nagent-1:.*\n$/.test(readFileSync(broker.usersFile, 'utf8')));
    broker.reload();
    await until('the tunnel stands', async () => (await plant.tunnel('plant-1')).state === 'healthy', 40_000);
    await until('the server has its broker', async () => (await nodes()).code === 0, 40_000);
    expect(JSON.parse(must(await nodes()).stdout)).toMatchObject([{ node_status: 'running' }]);

    await broker.kill();
    const gone = await until('the broker is missed', async () => {
      const done = await nodes();
      return done.code !== 0 && done;
    });
    expect(gone.code).toBe(6);
    expect(gone.stdout).toContain(`the MQTT broker ${broker.url} cannot be used`);
    await broker.start();
    await until('all is well again', async () => (await nodes()).code === 0, 60_000);
  }, 120_000);
});
