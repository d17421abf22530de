import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Oracle } from './oracle.ts';

/** What a request is answered with instead of being served. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly body?: string }
  /** Waits, then serves. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Ends the connection after so many bytes of the body. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** Serves, and ends the connection instead of answering. */
  | { readonly kind: 'swallow' }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Gives each record for which `refuse` says so that status. */
  | { readonly kind: 'partial'; readonly refuse: (document: string, index: number) => number };

export interface SinkOptions {
  readonly port?: number;
  /** Bodies above this many bytes are answered with 413. */
  readonly bodyLimit?: number;
  /** Keep the documents, in order of arrival. */
  readonly keep?: boolean;
}

export interface Kept {
  readonly id: string;
  readonly document: Record<string, unknown>;
}

/** As much of Elasticsearch as a log shipper sees: `_bulk` with `create`, templates, and trouble on demand. */
export class Sink {
  readonly oracle = new Oracle();
  readonly kept: Kept[] = [];
  readonly templates: { readonly path: string; readonly body: string }[] = [];
  readonly requests: { readonly path: string; readonly authorization: string | undefined; readonly gzip: boolean }[] =
    [];
  bulks = 0;
  largest = 0;
  /** Decides on each bulk request; undefined: serve it. */
  fault: (bulk: number) => Fault | undefined = () => undefined;
  bodyLimit: number;
  /** Decides on the credentials of each request. */
  authorize: (authorization: string | undefined) => boolean = () => true;

  private readonly keep: boolean;
  private readonly ids = new Set<string>();
  private server: Server | undefined;
  private port: number;

  constructor(options: SinkOptions = {}) {
    this.port = options.port ?? 0;
    this.bodyLimit = options.bodyLimit ?? 64 * 1024 * 1024;
    this.keep = options.keep ?? false;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts, on the same port as before when it was stopped. */
  async start(): Promise<this> {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => request.socket.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      this.server?.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const gzip = request.headers['content-encoding'] === 'gzip';
    const isBulk = path.includes('/_bulk');
    const fault = !this.authorize(request.headers.authorization)
      ? ({ kind: 'status', status: 401 } as const)
      : isBulk
        ? this.fault(this.bulks++)
        : undefined;
    if (fault?.kind === 'status') {
      request.resume();
      await new Promise((resolve) => request.once('end', resolve));
      response.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter });
      response.end(fault.body ?? '{"error":{"type":"fault"}}');
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (fault?.kind === 'reset' && length >= fault.afterBytes) return void request.socket.destroy();
    }
    if (fault?.kind === 'reset') return void request.socket.destroy();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const raw = Buffer.concat(chunks);
    this.requests.push({ path, authorization: request.headers.authorization, gzip });
    if (this.requests.length > 1000) this.requests.shift();
    if (!isBulk) {
      if (path.includes('_index_template')) this.templates.push({ path, body: raw.toString() });
      return void response.end('{"acknowledged":true}');
    }
    if (raw.length > this.bodyLimit) {
      response.writeHead(413);
      return void response.end('too large');
    }
    const body = gzip ? gunzipSync(raw) : raw;
    this.largest = Math.max(this.largest, body.length);
    const answer = this.index(body, fault?.kind === 'partial' ? fault.refuse : undefined);
    if (fault?.kind === 'swallow') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer);
  }

  private index(body: Buffer, refuse: ((document: string, index: number) => number) | undefined): string {
    let errors = false;
    const items: string[] = [];
    for (let at = 0; at < body.length; ) {
      const actionEnd = body.indexOf(10, at);
      const end = body.indexOf(10, actionEnd + 1);
      if (actionEnd < 0 || end < 0) throw new Error('a bulk body must end with a line break');
      const id = (JSON.parse(body.toString('utf8', at, actionEnd)) as { create: { _id: string } }).create._id;
      const document = body.toString('utf8', actionEnd + 1, end);
      const status = refuse?.(document, items.length) ?? 0;
      if (status > 0) {
        errors = true;
        items.push(`{"create":{"status":${status},"error":{"type":"fault","reason":"as asked"}}}`);
      } else if (this.ids.has(id)) {
        errors = true;
        this.oracle.conflicts++;
        items.push('{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}}');
      } else {
        const parsed = JSON.parse(document) as Record<string, unknown>;
        this.ids.add(id);
        this.oracle.take(parsed);
        if (this.keep) this.kept.push({ id, document: parsed });
        items.push('{"create":{"status":201}}');
      }
      at = end + 1;
    }
    return `{"errors":${errors},"items":[${items.join(',')}]}`;
  }
}
