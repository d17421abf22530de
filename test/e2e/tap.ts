import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A bulk request that went by; times of `performance.now()`. */
export interface Bulk {
  readonly documents: readonly Record<string, unknown>[];
  readonly status: number;
  readonly arrivedAt: number;
  readonly answeredAt: number;
}

/** Listens in front of a server, passes everything on as it is, and keeps the log documents that went by. */
export async function startTap(onBulk: (bulk: Bulk) => void = () => {}) {
  const documents: Record<string, unknown>[] = [];
  let upstream = '';
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const arrivedAt = performance.now();
    const bulk: Record<string, unknown>[] = [];
    const { method, url = '', headers } = request;
    if (url.includes('_bulk')) {
      const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
      // An action and its document, in turn.
      const lines = text.split('\n').filter((line, at) => at % 2 === 1 && line !== '');
      bulk.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
      documents.push(...bulk);
    }
    const passed = send(upstream + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      const { statusCode: status = 502 } = answer;
      if (bulk.length > 0) onBulk({ documents: bulk, status, arrivedAt, answeredAt: performance.now() });
    });
    passed.on('error', () => response.destroy());
    passed.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents,
    passTo: (url: string) => {
      upstream = url;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
