import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../src/core/clock.ts';
import { formatDuration } from '../../src/core/duration.ts';
import { explain } from '../trust.ts';
import { within } from './deadline.ts';
import { EmqxError } from './errors.ts';

export interface HttpRequest {
  readonly method: string;
  /** Base as `parseBase` gives it. */
  readonly base: string;
  /** Path and query below the base, percent-encoded; sent as it is. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

export interface EmqxHttp {
  readonly clock: Clock;
  /**
   * One request, never following a redirect. The body of the answer must be read or destroyed.
   * Throws `EmqxError` (`refused`, `unreachable`, `untrusted`, `timeout`), or the signal's reason.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Time to connect, milliseconds: EMQX stands beside the agent. */
const connectTimeout = 5000;

/** Time for one call of the agent's own, milliseconds. */
export const callTimeout = 10_000;

export function timedOut(base: string): EmqxError {
  return new EmqxError('timeout', { url: base, limit: formatDuration(callTimeout) });
}

/** The agent's connections to EMQX. Proxies do not apply: EMQX is reached directly. */
export function createHttp(
  tls: { readonly ca: string | undefined; readonly insecure: boolean },
  clock: Clock,
): EmqxHttp {
  let pool: Promise<Dispatcher> | undefined;
  const load = () => {
    pool ??= import('undici').then(
      ({ Agent }) =>
        new Agent({
          connections: 48,
          headersTimeout: 0,
          bodyTimeout: 0,
          connect: {
            timeout: connectTimeout,
            rejectUnauthorized: !tls.insecure,
            ...(tls.ca !== undefined && { ca: [...rootCertificates, tls.ca] }),
          },
        }),
    );
    return pool;
  };
  return {
    clock,
    async request({ method, base, path, headers = {}, body }, signal) {
      const dispatcher = await load();
      const { origin, pathname } = new URL(base);
      try {
        // The dispatcher itself, because undici's own functions would put the path through a URL parser.
        const answer = await dispatcher.request({
          origin,
          method: method as Dispatcher.HttpMethod,
          path: `${pathname === '/' ? '' : pathname}${path}`,
          headers,
          // undici takes any iterable; its types know only Node's own streams.
          body: (body ?? null) as Buffer | null,
          signal,
        });
        return { status: answer.statusCode, headers: flat(answer.headers), body: answer.body };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw connectionError(base, error);
      }
    },
    async close() {
      await (await pool)?.destroy();
      pool = undefined;
    },
  };
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}

function connectionError(base: string, error: unknown): EmqxError {
  const { code, reason, tls } = explain(error);
  if (code === 'ECONNREFUSED') return new EmqxError('refused', { url: base }, error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new EmqxError('timeout', { url: base, limit: formatDuration(connectTimeout) }, error);
  }
  return new EmqxError(tls === 'theirs' ? 'untrusted' : 'unreachable', { url: base, reason }, error);
}

/** A small GET without credentials, within the time of a call. Throws as `request` does. */
export function peek(
  http: EmqxHttp,
  base: string,
  path: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string | undefined }> {
  const headers = { accept: 'application/json' };
  return within(
    http.clock,
    callTimeout,
    signal,
    () => timedOut(base),
    async (limited) => {
      const { status, body } = await http.request({ method: 'GET', base, path, headers }, limited);
      return { status, text: await readText(body, 65_536) };
    },
  );
}

/** Reads a body as text up to `limit` bytes; undefined when it is longer, the rest is thrown away. */
export async function readText(body: Readable, limit: number): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > limit) {
      body.destroy();
      return undefined;
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
