import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a port that can be cut and opened again, as a broker that goes away and comes back on its address. */
export class CutProxy {
  port = 0;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(target: number) {
    this.#target = target;
  }

  static async start(target: number): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await proxy.up();
    return proxy;
  }

  up(): Promise<void> {
    const server = createServer((incoming) => {
      const outgoing = connect(this.#target, '127.0.0.1');
      for (const socket of [incoming, outgoing]) {
        socket.setNoDelay(true);
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          incoming.destroy();
          outgoing.destroy();
        });
      }
      incoming.pipe(outgoing).pipe(incoming);
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', () => {
        const address = server.address();
        if (typeof address === 'object' && address !== null) this.port = address.port;
        resolve();
      });
    });
  }

  async down(): Promise<void> {
    const server = this.#server;
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  close(): Promise<void> {
    return this.#server?.listening ? this.down() : Promise.resolve();
  }
}
