import type { Static, TSchema } from '@sinclair/typebox';
import { Errors } from '@sinclair/typebox/errors';
import { Check } from '@sinclair/typebox/value';
import { type Credentials, parseJson } from './credentials.ts';
import { within } from './deadline.ts';
import { EmqxError } from './errors.ts';
import { callTimeout, type EmqxHttp, type HttpAnswer, readText, timedOut } from './http.ts';

/** Largest answer the agent reads for itself, bytes. */
const answerLimit = 16 * 1024 * 1024;

/** Reads EMQX's API for the agent's own use. `what` names the thing in sentences: `the list of nodes`. */
export interface EmqxClient {
  /** Throws `EmqxError`; `missing` where this release does not have the endpoint. */
  get<S extends TSchema>(path: string, schema: S, what: string, signal: AbortSignal): Promise<Static<S>>;
  /** Undefined where this release does not have the endpoint; asked once and remembered. */
  getIfAny<S extends TSchema>(
    path: string,
    schema: S,
    what: string,
    signal: AbortSignal,
  ): Promise<Static<S> | undefined>;
}

export interface ClientOptions {
  readonly http: EmqxHttp;
  readonly base: string;
  /** `/api/v4` or `/api/v5`. */
  readonly prefix: string;
  readonly version: string;
  readonly credentials: Credentials;
  /** Takes the wrapper off a successful answer, or throws what it says. */
  readonly unwrap: (body: unknown, what: string) => unknown;
}

export function createClient({ http, base, prefix, version, credentials, unwrap }: ClientOptions): EmqxClient {
  // EMQX logs a warning for each call of an endpoint it does not have (contract: emqx.md F).
  const missing = new Set<string>();

  async function get<S extends TSchema>(
    path: string,
    schema: S,
    what: string,
    signal: AbortSignal,
  ): Promise<Static<S>> {
    const text = await within(
      http.clock,
      callTimeout,
      signal,
      () => timedOut(base),
      async (limited) => {
        const answer = await authorized(credentials, limited, (authorization) =>
          http.request(
            { method: 'GET', base, path: prefix + path, headers: { accept: 'application/json', authorization } },
            limited,
          ),
        );
        const body = await readText(answer.body, answerLimit);
        if (answer.status !== 200) throw failure(answer.status, body, what);
        return body;
      },
    );
    if (text === undefined) throw new EmqxError('bad_answer', { what, reason: 'over 16 MiB' });
    const value = unwrap(parseJson(text), what);
    if (Check(schema, value)) return value;
    const place = Errors(schema, value).First()?.path || 'the whole';
    throw new EmqxError('bad_answer', { what, reason: `unexpected at ${place.slice(0, 100)}` });
  }

  function failure(status: number, text: string | undefined, what: string): EmqxError {
    if (status === 401) return new EmqxError('token_rejected', { user: credentials.user });
    if (status === 403) return new EmqxError('forbidden', { user: credentials.user, what });
    if (status === 404) return new EmqxError('missing', { version, what });
    if (status === 503) return new EmqxError('not_ready', { url: base });
    const body = parseJson(text) as { code?: unknown; message?: unknown } | undefined;
    const said = typeof body?.message === 'string' ? `: ${body.message}` : '';
    return new EmqxError('failed', { what, reason: `HTTP ${status}${said}`.slice(0, 300) });
  }

  return {
    get,
    async getIfAny(path, schema, what, signal) {
      if (missing.has(path)) return undefined;
      try {
        return await get(path, schema, what, signal);
      } catch (error) {
        if (!(error instanceof EmqxError && error.code === 'missing')) throw error;
        missing.add(path);
        return undefined;
      }
    },
  };
}

/** Sends with our credentials; a 401 is tried once more with renewed ones. `send` must be repeatable. */
export async function authorized(
  credentials: Credentials,
  signal: AbortSignal,
  send: (authorization: string) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const used = await credentials.header(signal);
  const answer = await send(used);
  if (answer.status !== 401) return answer;
  answer.body.resume();
  return send(await credentials.renewed(used, signal));
}
