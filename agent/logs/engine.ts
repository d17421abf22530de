import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Pool } from 'undici';
import { isUnknownType, logMappings } from '../../src/contract/log-document.ts';
import type { LogTarget } from './types.ts';

/** Answers longer than this are not read: a full answer to the largest bulk has a tenth of it. */
const answerLimit = 32 * 1024 * 1024;
const bulkQuery = '_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason';
/** Below this a body is not worth compressing. */
const gzipFrom = 1024;

const compress = promisify<Buffer, { level: number }, Buffer>(gzip);

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/**
 * The HTTP side of an Elasticsearch-compatible engine with several addresses: keeps to the one that works, goes on to
 * the next when told. The client is loaded with the first request.
 */
export class Engine {
  readonly target: LogTarget;
  private readonly isGzip: boolean;
  private readonly pools = new Map<string, Promise<Pool>>();
  private at = 0;

  constructor(target: LogTarget, isGzip: boolean) {
    this.target = target;
    this.isGzip = isGzip;
  }

  get url(): string {
    return this.target.urls[this.at % this.target.urls.length] ?? '';
  }

  /** Turns to the next address; true when all have had their turn since this began. */
  failover(): boolean {
    this.at = (this.at + 1) % Math.max(1, this.target.urls.length);
    return this.at === 0;
  }

  async bulk(body: Buffer, signal: AbortSignal): Promise<Answer> {
    const isSmall = !this.isGzip || body.length < gzipFrom;
    return this.request(
      'POST',
      `${encodeURIComponent(this.target.index)}/${bulkQuery}`,
      isSmall ? body : await compress(body, { level: 1 }),
      { 'content-type': 'application/x-ndjson', ...(isSmall ? {} : { 'content-encoding': 'gzip' }) },
      signal,
    );
  }

  /** Makes sure that the index gets our field types when it is made; never replaces a template that is there. */
  async installTemplate(renames: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const answer = await this.putTemplate(logMappings({ substrings: true, renames }), signal);
    if (!isUnknownType(answer.status, answer.body.toString())) return answer;
    return this.putTemplate(logMappings({ substrings: false, renames }), signal);
  }

  async close(): Promise<void> {
    for (const pool of this.pools.values()) await (await pool).close().catch(() => undefined);
    this.pools.clear();
  }

  /** Ends at once whatever is under way. */
  async destroy(): Promise<void> {
    for (const pool of this.pools.values()) await (await pool).destroy().catch(() => undefined);
    this.pools.clear();
  }

  private putTemplate(mappings: object, signal: AbortSignal): Promise<Answer> {
    const { index } = this.target;
    const template = { index_patterns: [index], priority: 1, template: { mappings } };
    return this.request(
      'PUT',
      `_index_template/emqxee-agent-${encodeURIComponent(index)}?create=true`,
      Buffer.from(JSON.stringify(template)),
      { 'content-type': 'application/json' },
      signal,
    );
  }

  private async request(
    method: 'POST' | 'PUT',
    path: string,
    body: Buffer,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const base = new URL(this.url);
    const { username, password } = this.target;
    const pool = await this.poolOf(base.origin);
    const answer = await pool.request({
      method,
      path: `${base.pathname.replace(/\/+$/, '')}/${path}`,
      headers: {
        ...headers,
        ...(username === ''
          ? {}
          : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }),
      },
      body,
      signal,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > answerLimit) throw new Error('the answer is too long');
      chunks.push(chunk);
    }
    const retryAfter = answer.headers['retry-after'];
    return {
      status: answer.statusCode,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      body: Buffer.concat(chunks),
    };
  }

  private poolOf(origin: string): Promise<Pool> {
    let pool = this.pools.get(origin);
    if (!pool) {
      pool = import('./pool.ts').then(({ makePool }) => makePool(origin, this.target));
      this.pools.set(origin, pool);
    }
    return pool;
  }
}
