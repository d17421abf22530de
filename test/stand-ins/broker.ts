import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesPublishPacket, type AuthenticateError } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { Certificate } from './certificates.ts';

export interface Broker {
  readonly url: string;
  /** Every message that clients published. */
  readonly messages: AedesPublishPacket[];
  readonly aedes: Aedes;
  stop(): Promise<void>;
}

export interface BrokerOptions {
  readonly scheme?: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  readonly port?: number;
  readonly tls?: Certificate;
  /** Clients must show a certificate of this authority. */
  readonly clientCa?: string;
  /** CONNACK's return code for everybody; 0 takes them. */
  readonly refuse?: () => number;
  readonly refuseTopic?: string;
}

/** An MQTT 3.1.1 broker in this process. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { scheme = 'mqtt', tls, clientCa } = options;
  const messages: AedesPublishPacket[] = [];
  const aedes = await Aedes.createBroker({
    authenticate(_client, _user, _password, done) {
      const returnCode = options.refuse?.() ?? 0;
      if (returnCode === 0) return done(null, true);
      done(Object.assign(new Error('refused'), { returnCode }) as AuthenticateError, null);
    },
    authorizeSubscribe(_client, subscription, done) {
      done(null, subscription.topic === options.refuseTopic ? null : subscription);
    },
  });
  aedes.on('publish', (packet, client) => {
    if (client) messages.push(packet);
  });
  const secure = { ...tls, ...(clientCa && { ca: clientCa, requestCert: true, rejectUnauthorized: true }) };
  const sockets = new Set<Socket>();
  const take = (socket: Socket) => {
    socket.setNoDelay(true);
    aedes.handle(socket);
  };
  const server: Server =
    scheme === 'mqtt'
      ? createServer(take)
      : scheme === 'mqtts'
        ? createTlsServer(secure, take)
        : scheme === 'ws'
          ? createHttpServer()
          : createHttpsServer(secure);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  if (scheme.startsWith('ws')) {
    const web = new WebSocketServer({ server: server as never, path: '/mqtt' });
    web.on('connection', (socket, request) => void aedes.handle(createWebSocketStream(socket), request));
  }
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const path = scheme.startsWith('ws') ? '/mqtt' : '';
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    messages,
    aedes,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
