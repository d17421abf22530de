import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createServer as createTls } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM; with it TLS is spoken too, on the same port. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Most bytes of one WebSocket message. */
  readonly maxMessage: number;
  /** Milliseconds for a connection to say its first byte. */
  readonly firstByteMs: number;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const tlsHandshake = 0x16;
const httpGet = 0x47;

/**
 * One port for MQTT over TCP, WebSocket and, with a certificate, TLS below either: the first byte tells them apart. MQTT
 * begins with a CONNECT (0x10), a WebSocket with `GET`, TLS with its handshake record.
 */
export async function listen(options: ListenOptions, onStream: (stream: Duplex) => void): Promise<Listener> {
  const open = new Set<Duplex>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.maxMessage, handleProtocols });
  const http = createHttp((_, response) => response.writeHead(426, { connection: 'close' }).end());
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      stream.on('error', () => stream.destroy());
      onStream(stream);
    });
  });
  const sort = (socket: Socket | TLSSocket, encrypted: boolean): void => {
    const silent = setTimeout(() => socket.destroy(), options.firstByteMs);
    socket.once('error', () => socket.destroy());
    socket.once('close', () => clearTimeout(silent));
    socket.once('data', (first: Buffer) => {
      clearTimeout(silent);
      socket.pause();
      socket.unshift(first);
      if (first[0] === tlsHandshake && tls && !encrypted) tls.emit('connection', socket);
      else if (first[0] === httpGet) http.emit('connection', socket);
      else onStream(socket);
      // Whoever took it over has attached itself by now.
      process.nextTick(() => socket.resume());
    });
  };
  const tls = options.tls && createTls({ ...options.tls, minVersion: 'TLSv1.2' }, (socket) => sort(socket, true));
  tls?.on('tlsClientError', (_, socket) => socket.destroy());
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    sort(socket, false);
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      http.closeAllConnections();
      await closed;
    },
  };
}

/** MQTT's own subprotocol, by its two names. */
function handleProtocols(offered: Set<string>): string | false {
  return ['mqtt', 'mqttv3.1'].find((name) => offered.has(name)) ?? false;
}
