import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire between a client and a server that a test can cut, freeze and mend. */
export interface Wire {
  readonly port: number;
  /** Resets every connection; new ones are still taken. */
  cut(): void;
  /** Connections stay open and are taken, and nothing passes any more. */
  freeze(): void;
  mend(): void;
  readonly connections: number;
  /** Sees each piece on its way; cutting from inside stops the piece. */
  onData: ((direction: 'up' | 'down', bytes: Buffer) => void) | undefined;
  stop(): Promise<void>;
}

export async function startWire(targetPort: number): Promise<Wire> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let frozen = false;
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const join = (from: Socket, to: Socket, direction: 'up' | 'down') => {
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => {
        wire.onData?.(direction, bytes);
        if (!frozen && !to.destroyed) to.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => {
        // A frozen wire does not tell that the other end has hung up either.
        if (!frozen) to.destroy();
        if (client.destroyed && upstream.destroyed) pairs.delete(pair);
      });
    };
    join(client, upstream, 'up');
    join(upstream, client, 'down');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wire: Wire = {
    port: (server.address() as AddressInfo).port,
    onData: undefined,
    get connections() {
      return pairs.size;
    },
    cut() {
      for (const [client, upstream] of pairs) {
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      }
    },
    freeze() {
      frozen = true;
    },
    mend() {
      frozen = false;
    },
    async stop() {
      for (const [client, upstream] of pairs) {
        client.destroy();
        upstream.destroy();
      }
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return wire;
}
