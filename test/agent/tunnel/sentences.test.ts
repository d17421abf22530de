import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { usualTimings } from '../../../agent/tunnel/connection.ts';
import type { TunnelSettings } from '../../../agent/tunnel/types.ts';
import type { BrokerOptions } from '../../stand-ins/broker.ts';
import { createAuthority } from '../../stand-ins/certificates.ts';
import { atEnd, broker, startTunnel, topics, tunnelSettings, until } from './rig.ts';

const gateway = { request: () => Promise.reject(new Error('not asked here')) };
const authority = createAuthority();

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Takes connections and says nothing. */
async function silent(): Promise<string> {
  const sockets = new Set<Socket>();
  const port = await listening(createServer((socket) => void sockets.add(socket.on('error', () => {}))));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
  });
  return `mqtt://127.0.0.1:${port}`;
}

async function reasonWith(server: string, more: Partial<TunnelSettings> = {}): Promise<string> {
  const { tunnel, lines } = startTunnel(tunnelSettings(server, more), gateway, {
    timings: { connectMs: 300, keepaliveS: 1 },
  });
  await until(() => tunnel.status().state === 'failing');
  const { reason = '' } = tunnel.status();
  expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toContain(reason);
  expect(JSON.stringify(lines)).not.toContain('mqtt-secret');
  return reason;
}

describe('what an operator reads about the broker', () => {
  it.each(['', 'http://ecp:31883', 'mqtt://', 'mqtt://user:pw@ecp:1883', 'mqtt://ecp:99999'])(
    'when the address is %j',
    async (server) => {
      expect(await reasonWith(server)).toBe(
        `The tunnel address "${server.replace('user:pw@', '')}" that ECP gave is not an MQTT address such as mqtt://ecp:31883`,
      );
    },
  );

  it('when nobody listens', async () => {
    expect(await reasonWith('mqtt://127.0.0.1:1')).toBe(
      'The MQTT broker at mqtt://127.0.0.1:1 refuses the connection; check that ECP is running and the port is open',
    );
  });

  it('when it takes the connection and says nothing', async () => {
    const server = await silent();
    expect(await reasonWith(server)).toBe(`The MQTT broker at ${server} does not answer`);
  });

  it('when there is no WebSocket', async () => {
    const port = await listening(createHttpServer((_, response) => response.writeHead(404).end()));
    expect(await reasonWith(`ws://127.0.0.1:${port}/mqtt`)).toBe(
      `The MQTT broker at ws://127.0.0.1:${port} cannot be reached: Unexpected server response: 404`,
    );
  });

  it.each([
    [4, 'does not accept the credentials that ECP gave; run emqxee-agent register again'],
    [5, 'does not accept the credentials that ECP gave; run emqxee-agent register again'],
    [3, 'is not available now'],
    [2, 'rejects the agent: it does not accept the client identifier'],
  ])('when it refuses with code %i', async (code, says) => {
    const { url } = await broker({ refuse: () => code });
    expect(await reasonWith(url)).toBe(`The MQTT broker at ${url} ${says}`);
  });

  it('when it does not speak our MQTT', async () => {
    // aedes cannot be made to say so: CONNACK with return code 1.
    const port = await listening(createServer((socket) => void socket.write(Buffer.from([0x20, 2, 0, 1]))));
    expect(await reasonWith(`mqtt://127.0.0.1:${port}`)).toBe(
      `The MQTT broker at mqtt://127.0.0.1:${port} rejects the agent: it does not speak MQTT 3.1.1`,
    );
  });

  it('when it does not let the agent listen', async () => {
    const { url } = await broker({ refuseTopic: topics.request });
    expect(await reasonWith(url)).toBe(
      `The MQTT broker at ${url} does not let the agent listen for requests on requests/1`,
    );
  });

  it.each(['mqtts', 'wss'] as const)('when its certificate is not trusted (%s)', async (scheme) => {
    const options: BrokerOptions = { scheme, tls: authority.issue('broker') };
    const { url } = await broker(options);
    const { host, protocol } = new URL(url);
    expect(await reasonWith(url)).toBe(
      `The TLS certificate of the MQTT broker at ${protocol}//${host} is not trusted: unable to verify the first certificate; give the agent its CA certificate`,
    );
    const { tunnel } = startTunnel(tunnelSettings(url, { insecure: true }), gateway);
    await until(() => tunnel.status().state === 'healthy');
  });

  it.each(['mqtts', 'wss'] as const)('when it wants a certificate of the agent (%s)', async (scheme) => {
    const { url } = await broker({ scheme, tls: authority.issue('broker'), clientCa: authority.cert });
    const { host, protocol } = new URL(url);
    expect(await reasonWith(url, { ca: authority.cert })).toMatch(
      `The MQTT broker at ${protocol}//${host} does not accept the certificate of the agent (`,
    );
  });

  it('goes when the trouble goes', async () => {
    let code = 4;
    const { url } = await broker({ refuse: () => code });
    const { tunnel } = startTunnel(tunnelSettings(url), gateway);
    await until(() => tunnel.status().state === 'failing');
    code = 0;
    await until(() => tunnel.status().state === 'healthy');
    expect(tunnel.status().reason).toBeUndefined();
    expect(tunnel.status().lastSuccess).toBeGreaterThan(0);
  });

  it('comes within 30 seconds of a broker that falls silent', () => {
    // mqtt.js ends a connection after 1.5 keep-alive intervals without a sign of life; cuts.test.ts shows that it does.
    expect(usualTimings.keepaliveS * 1.5 * 1000).toBeLessThan(30_000);
    expect(usualTimings.connectMs).toBeLessThan(30_000);
  });
});

it.each(['tcp://', ''])('an address that begins with %j is understood', async (scheme) => {
  const { url } = await broker();
  const { tunnel } = startTunnel(tunnelSettings(url.replace('mqtt://', scheme)), gateway);
  await until(() => tunnel.status().state === 'healthy');
});

it('the same settings again change nothing, other settings reconnect, none switch off', async () => {
  const { url, aedes } = await broker();
  let clients = 0;
  aedes.on('client', () => {
    clients += 1;
  });
  const settings = tunnelSettings(url);
  const { tunnel } = startTunnel(settings, gateway);
  await until(() => tunnel.status().state === 'healthy');
  tunnel.apply({ ...settings });
  tunnel.apply({ ...settings, password: 'other' });
  tunnel.apply({ ...settings, password: 'third' });
  await until(() => clients === 2 && tunnel.status().state === 'healthy');
  tunnel.apply(undefined);
  await until(() => aedes.connectedClients === 0);
  expect(tunnel.status().state).toBe('off');
});
