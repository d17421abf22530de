import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** Listens in front of a server, passes everything on as it is, and keeps the log documents that went by. */
export async function startTap() {
  const documents: Record<string, unknown>[] = [];
  let upstream = '';
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method, url = '', headers } = request;
    if (url.includes('_bulk')) {
      const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
      // An action and its document, in turn.
      const lines = text.split('\n').filter((line, at) => at % 2 === 1 && line !== '');
      documents.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    }
    const passed = send(upstream + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
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
