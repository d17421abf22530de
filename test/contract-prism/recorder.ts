import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request as send } from 'undici';
import type { Endpoint } from '../../src/contract/endpoint.ts';

/** One objection of Prism. */
export interface Violation {
  /** Path into the message, such as `response.body.data.0`; `request` and `response` say whose fault it is. */
  readonly where: string;
  readonly message: string;
}

/** What passed by. */
export interface Passed {
  /** `METHOD /path` with the published places. */
  readonly call: string;
  readonly status: number;
  /** Query parameters that were sent with nothing in them, in small letters as Prism names them. */
  readonly emptyQuery: readonly string[];
  readonly violations: readonly Violation[];
}

interface PrismViolation {
  readonly location?: readonly (string | number)[];
  readonly severity?: string;
  readonly message: string;
}

const places = (path: string) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);

/** A door in front of Prism that keeps what Prism says of each call. `calls` names the operations. */
export async function startRecorder(upstream: string, calls: readonly { call: string; endpoint: Endpoint }[]) {
  const passed: Passed[] = [];
  const agent = new Agent({ keepAliveTimeout: 1000 });
  // The path with fewer places wins: `/orgs/names` is no `/orgs/{orgId}`.
  const known = calls
    .map(({ call, endpoint }) => ({
      call,
      method: endpoint.method,
      pattern: places(endpoint.path),
      path: endpoint.path,
    }))
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  const name = (method: string, path: string) =>
    known.find((one) => one.method === method && one.pattern.test(path))?.call ?? `${method} ${path}`;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', url = '/' } = request;
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const answer = await send(`${upstream}${url}`, {
      method: method as 'GET',
      headers: headers as Record<string, string>,
      body: chunks.length > 0 ? Buffer.concat(chunks) : null,
      dispatcher: agent,
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    passed.push({
      call: name(method, url.replace(/\?.*/, '')),
      status: answer.statusCode,
      emptyQuery: [...new URLSearchParams(url.split('?')[1])].flatMap(([key, value]) =>
        value === '' ? [key.toLowerCase()] : [],
      ),
      violations: violationsIn(answer.headers['sl-violations']),
    });
    const { 'transfer-encoding': _encoding, 'content-length': _length, ...kept } = answer.headers;
    response.writeHead(answer.statusCode, kept as Record<string, string>).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await agent.destroy();
    },
  };
}

function violationsIn(header: string | string[] | undefined): Violation[] {
  if (header === undefined) return [];
  const list = JSON.parse(String(header)) as PrismViolation[];
  return list.map(({ location = [], message }) => ({ where: location.join('.'), message }));
}
