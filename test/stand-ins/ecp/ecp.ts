import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metadata, Report } from '../../../src/contract/agent.ts';

/** The agent's half of ECP, made to misbehave. */
export interface EcpStandIn {
  readonly url: string;
  readonly calls: string[];
  readonly reports: Report[];
  /** Tokens of agents that are registered. */
  readonly tokens: Set<string>;
  metadata: Metadata;
  /** Answers instead of ECP; true when it did. */
  trouble: ((call: string, response: ServerResponse) => boolean) | undefined;
  /** Stops listening and cuts what is open; `start` comes back on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const registrationToken = 'registration-secret-1';

/** Secrets that ECP hands out with the metadata. */
export const handedOut = { es: 'es-password-secret', mqtt: 'mqtt-password-secret' };

/** Starts one in this process. What it keeps of calls and reports is bounded. */
export async function startEcpStandIn(): Promise<EcpStandIn> {
  const calls: string[] = [];
  const reports: Report[] = [];
  const tokens = new Set<string>();
  let issued = 0;
  const server = createServer((request, response) => void answer(request, response));
  const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  await listen(0);
  const { port } = server.address() as AddressInfo;

  const ecp: EcpStandIn = {
    url: `http://127.0.0.1:${port}`,
    calls,
    reports,
    tokens,
    metadata: {
      clusterId: 'cluster-0001',
      elasticsearch: { urls: [], username: 'es', password: handedOut.es, indexName: '' },
      mqtt: { server: '', username: 'm', password: handedOut.mqtt },
      tunnel: { requestTopic: '', replyTopic: '' },
    },
    trouble: undefined,
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: () => listen(port),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
    const call = (request.url ?? '').replace(/.*\//, '');
    keep(calls, call);
    if (ecp.trouble?.(call, response)) return;
    const json = (status: number, value?: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(value && JSON.stringify(value));
    if (call === 'version') return void json(200, { version: '1', commit: '', created: '' });
    if (call === 'register') {
      if (body.registrationToken !== registrationToken) return void json(401, { code: 10001, message: 'no' });
      const token = `agent-token-${++issued}-secret`;
      tokens.add(token);
      return void json(200, { token });
    }
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (!tokens.has(token)) return void json(401, { code: 10001, message: 'unknown agent' });
    if (call === 'metadata') return void json(200, ecp.metadata);
    if (call === 'report') keep(reports, body as unknown as Report);
    if (call === 'unregister') tokens.delete(token);
    json(204);
  }
  return ecp;
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > 10_000) list.shift();
}
