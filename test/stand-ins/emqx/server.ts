import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { routes4 } from './http4.ts';
import { createRoutes5 } from './http5.ts';
import { type Knobs, knobDefaults } from './knobs.ts';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** Looks at a request before EMQX does; true when it has answered it. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface EmqxStandIn {
  /** v4 has two ports, dashboard and management; v5 one. */
  readonly dashboardUrl: string;
  readonly apiUrl: string;
  /** Turn them at any time. */
  readonly knobs: Knobs;
  readonly requests: SeenRequest[];
  /** Stops listening and cuts every connection, as a dead EMQX does; `start` brings it back on the same ports. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface StartOptions {
  readonly port?: number;
  /** The management port of v4. */
  readonly apiPort?: number;
  readonly handle?: Handler;
  /** Serves HTTPS with this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts a stand-in for one EMQX node in this process. */
export async function startEmqx(knobs: Partial<Knobs> = {}, options: StartOptions = {}): Promise<EmqxStandIn> {
  const state: Knobs = structuredClone({ ...knobDefaults, ...knobs });
  const requests: SeenRequest[] = [];
  const routes5 = createRoutes5(state);
  const serve = (management: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    if (control(state, request, response)) return;
    requests.push({ method, url, headers });
    const answer = () => {
      if (options.handle?.(request, response)) return;
      if (state.generation === 5) void routes5(request, response);
      else void routes4(state, management, request, response);
    };
    if (state.silent) return;
    if (state.delayMs > 0) setTimeout(answer, state.delayMs);
    else answer();
  };
  const create = (listener: RequestListener): Server =>
    options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const dashboard = create(serve(false));
  const management = state.generation === 4 ? create(serve(true)) : undefined;
  const scheme = options.tls ? 'https' : 'http';
  await listen(dashboard, options.port ?? 0);
  if (management) await listen(management, options.apiPort ?? 0);
  const ports = [portOf(dashboard), portOf(management ?? dashboard)] as const;
  return {
    dashboardUrl: `${scheme}://127.0.0.1:${ports[0]}`,
    apiUrl: `${scheme}://127.0.0.1:${ports[1]}`,
    knobs: state,
    requests,
    async stop() {
      await Promise.all([close(dashboard), management && close(management)]);
    },
    async start() {
      await listen(dashboard, ports[0]);
      if (management) await listen(management, ports[1]);
    },
  };
}

/** `PUT /_knobs` with a JSON object turns knobs of a stand-in that runs as a process of its own; `GET` shows them. */
function control(knobs: Knobs, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== '/_knobs') return false;
  void (async () => {
    if (request.method === 'PUT') {
      let text = '';
      for await (const piece of request) text += piece;
      Object.assign(knobs, JSON.parse(text));
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(knobs));
  })();
  return true;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
