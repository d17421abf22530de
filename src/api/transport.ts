import type { Readable } from 'node:stream';
import type { TObject } from '@sinclair/typebox';
import type { Dispatcher } from 'undici';
import type { AnswerOf, BodyOf, Endpoint, ParamsOf, QueryOf } from '../contract/endpoint.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { parseRetryAfter, withRetry } from '../core/retry.ts';
import { version } from '../core/version.ts';
import { readAnswer } from './answer.ts';
import { normalizeBaseUrl } from './base-url.ts';
import type { EncodedBody } from './body.ts';
import { encodeBody, encodeQuery, fillPath } from './body.ts';
import type { Deadline } from './deadline.ts';
import { startDeadline } from './deadline.ts';
import type { TlsOptions } from './dispatcher.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Exchange } from './failure.ts';
import { failureOfAnswer, failureOfConnection, invalidAnswer } from './failure.ts';
import { Attempt, answerAttempt, connectionAttempt, retryPolicy, unwrapAttempt } from './retry-policy.ts';
import type { TokenSource } from './tokens.ts';
import type { Trace } from './trace.ts';
import { traceAnswer, traceNote, traceRequest } from './trace.ts';

export interface TransportOptions {
  /** `https://HOST` or `https://HOST/api`. */
  readonly baseUrl: string;
  readonly tokens?: TokenSource | undefined;
  readonly tls?: TlsOptions | undefined;
  /** Where the proxy variables are looked for. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Bounds one call in milliseconds, its retries included; 30 s unless told otherwise. */
  readonly requestTimeoutMs?: number | undefined;
  readonly trace?: Trace | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** First word of the User-Agent; `ecpctl` unless told otherwise. */
  readonly program?: string | undefined;
}

type Part<Name extends string, T> = [T] extends [undefined] ? Record<never, never> : { readonly [K in Name]: T };

/** The parts of a call. Query parameters may stay away: required ones are then sent empty. */
export type CallInput<E extends Endpoint> = Part<'params', ParamsOf<E>> &
  ([QueryOf<E>] extends [undefined] ? Record<never, never> : { readonly query?: Partial<QueryOf<E>> }) &
  Part<'body', BodyOf<E>>;

/** A call that is passed through as it is. */
export interface RawRequest {
  readonly method: string;
  /** With the leading slash and the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** One ECP over HTTP. Everything thrown is a Failure, or the reason of the caller's signal. */
export interface Transport {
  readonly baseUrl: string;
  call<E extends Endpoint>(endpoint: E, input: CallInput<E>, signal?: AbortSignal): Promise<AnswerOf<E>>;
  /** Resolves with any status as soon as the head is there; the body is a stream that must be read or destroyed. */
  raw(request: RawRequest, signal?: AbortSignal): Promise<RawAnswer>;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** What one HTTP request needs, whoever asked for it. */
interface Prepared {
  readonly method: string;
  readonly url: string;
  readonly exchange: Exchange;
  readonly body: EncodedBody;
  /** The body as the trace may show it. */
  readonly shown: unknown;
  readonly tokens: TokenSource | undefined;
}

const largestAnswer = 64 * 1024 * 1024;

/** @throws Failure invalid_value where the base URL is none; connections are opened by the first call. */
export function createTransport(options: TransportOptions): Transport {
  const { tokens, trace, clock = systemClock, random = Math.random, requestTimeoutMs = 30_000 } = options;
  const baseUrl = normalizeBaseUrl(options.baseUrl, '--url');
  const userAgent = `${options.program ?? 'ecpctl'}/${version} (node ${process.versions.node}; ${process.platform})`;
  let opened: Promise<Dispatcher> | undefined;
  const dispatcher = () => {
    opened ??= createDispatcher(options.tls ?? {}, options.env ?? process.env);
    return opened;
  };

  /** One request with the present token, and once more with a new one where the token was refused. */
  const send = async (prepared: Prepared, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const token = await prepared.tokens?.current();
    const answer = await sendOnce(prepared, token, signal);
    if (answer.statusCode !== 401 || token === undefined) return answer;
    const renewed = await prepared.tokens?.renew(token, signal);
    if (renewed === undefined) return answer;
    traceNote(trace, 'token refused, sent again with a renewed one');
    await answer.body.dump();
    return sendOnce(prepared, renewed, signal);
  };

  const sendOnce = async (prepared: Prepared, token: string | undefined, signal: AbortSignal) => {
    traceRequest(trace, prepared.method, prepared.url, prepared.shown);
    const { request } = await import('undici');
    return request(prepared.url, {
      dispatcher: await dispatcher(),
      method: prepared.method as Dispatcher.HttpMethod,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        'x-request-id': prepared.exchange.requestId,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...prepared.body.headers,
      },
      body: prepared.body.payload ?? null,
      signal,
    });
  };

  /** One attempt to its end: whole body, status judged. */
  const attempt = async (prepared: Prepared, deadline: Deadline): Promise<{ status: number; body: string }> => {
    const started = clock.monotonic();
    try {
      const answer = await send(prepared, deadline.signal);
      const status = answer.statusCode;
      const body = await readText(answer, prepared.exchange);
      traceAnswer(trace, status, clock.monotonic() - started, traceable(body));
      if (status >= 200 && status < 300) return { status, body };
      const { headers } = answer;
      const after = headers['retry-after'];
      throw answerAttempt(
        failureOfAnswer({ status, headers, body }, prepared.exchange),
        parseRetryAfter(Array.isArray(after) ? after[0] : after, clock.now()),
      );
    } catch (error) {
      throw judged(error, prepared, deadline);
    }
  };

  const judged = (error: unknown, prepared: Prepared, deadline: Deadline): unknown => {
    if (error instanceof Attempt) return error;
    if (deadline.signal.aborted) return deadline.signal.reason;
    const failure = failureOfConnection(error, prepared.exchange);
    if (failure === error) return error;
    traceNote(trace, String((error as Error).message || failure));
    return connectionAttempt(error, failure);
  };

  const retrying = async <T>(work: () => Promise<T>, prepared: Prepared, repeatable: boolean, deadline: Deadline) => {
    try {
      return await withRetry(
        (count) => {
          if (count > 0) traceNote(trace, `attempt ${count + 1}`);
          return work();
        },
        retryPolicy(repeatable, deadline.remainingMs),
        { clock, random, signal: deadline.signal },
      );
    } catch (error) {
      throw failureOfConnection(unwrapAttempt(error), prepared.exchange);
    }
  };

  const exchangeOf = (
    url: string,
    params: Readonly<Record<string, unknown>>,
    authenticated: boolean,
    speaker: TokenSource | undefined,
  ): Exchange => ({
    url: url.replace(/\?.*$/, ''),
    requestId: requestId(random),
    authenticated,
    remedy: speaker?.remedy,
    params,
  });

  return {
    baseUrl,
    async call(endpoint, input, signal) {
      const { params = {}, query = {}, body } = input as { params?: object; query?: object; body?: unknown };
      const required = ((endpoint.query as TObject | undefined)?.required ?? []) as readonly string[];
      const url =
        baseUrl +
        fillPath(endpoint.path, params as Record<string, unknown>) +
        encodeQuery(query as Record<string, unknown>, required);
      const speaker = endpoint.caller === 'anyone' ? undefined : tokens;
      const prepared: Prepared = {
        method: endpoint.method,
        url,
        exchange: exchangeOf(url, params as Record<string, unknown>, (await speaker?.current()) !== undefined, speaker),
        body: await encodeBody(endpoint, body),
        // The only file that is sent as one is a license.
        shown: endpoint.bodyKind === 'multipart' ? '(multipart form)' : body,
        tokens: speaker,
      };
      const deadline = startDeadline(prepared.exchange.url, requestTimeoutMs, signal);
      try {
        const repeatable = endpoint.method === 'GET' || endpoint.repeatable === true;
        const answer = await retrying(() => attempt(prepared, deadline), prepared, repeatable, deadline);
        const value = await readAnswer(endpoint.answer, { ...answer, headers: {} }, prepared.exchange);
        return value as AnswerOf<typeof endpoint>;
      } finally {
        deadline.end();
      }
    },
    async raw(request, signal) {
      const url = baseUrl + request.path;
      const prepared: Prepared = {
        method: request.method,
        url,
        exchange: exchangeOf(url, {}, true, tokens),
        body: { headers: request.headers ?? {}, payload: request.body },
        shown: typeof request.body === 'string' ? request.body : undefined,
        tokens,
      };
      const deadline = startDeadline(prepared.exchange.url, requestTimeoutMs, signal);
      const once = () =>
        send(prepared, deadline.signal).catch((error) => Promise.reject(judged(error, prepared, deadline)));
      try {
        const answer = await retrying(once, prepared, /^(GET|HEAD)$/.test(request.method), deadline);
        // From here on the caller reads as long as it likes; its own signal still ends the stream.
        deadline.disarm();
        answer.body.once('close', deadline.end);
        return { status: answer.statusCode, headers: answer.headers, body: answer.body };
      } catch (error) {
        deadline.end();
        throw error;
      }
    },
    async close() {
      await (await opened?.catch(() => undefined))?.destroy();
    },
  };
}

async function readText(answer: Dispatcher.ResponseData, exchange: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestAnswer) {
      throw invalidAnswer(exchange, { en: 'more than 64 MiB', zh: '超过 64 MiB' }, { status: answer.statusCode });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** JSON is redacted by its field names, which finds more than looking at the text. */
function traceable(body: string): unknown {
  try {
    return body === '' ? undefined : JSON.parse(body);
  } catch {
    return body;
  }
}

export type { TokenSource } from './tokens.ts';
export { fixedToken } from './tokens.ts';

/** Unlikely to come twice, which is all it is for: node:crypto would cost every start its loading. */
function requestId(random: () => number): string {
  const part = () =>
    Math.floor(random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0');
  return part() + part();
}
