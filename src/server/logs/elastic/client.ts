import { rootCertificates } from 'node:tls';
import type { Pool } from 'undici';
import { Failure, reasonOf } from '../../../core/errors.ts';

/** A search engine (Elasticsearch 7 and 8, OpenSearch) that keeps the log, and the server's account there. */
export interface EngineTarget {
  /** Without an account in it and without a slash at the end; may have a path. */
  readonly url: string;
  readonly index: string;
  /** Empty user name: the engine asks for no account. */
  readonly account: Account;
  /** What agents are given to write with. */
  readonly agentAccount: Account;
  /** Certificates in PEM that are trusted besides the usual ones. */
  readonly ca: string | undefined;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface EngineAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: every call has its own answer, read field by field with defaults
  readonly body: any;
}

/** The longest answer that is read: a portion of a search over the longest messages. */
const answerLimit = 256 * 1024 * 1024;

/** The HTTP side of the engine. Every failure is a `not_available` with a reason that names the engine, never an account. */
export class EngineClient {
  readonly target: EngineTarget;
  /** Whether the engine did not take the account with the last call that it answered. */
  isRefused = false;
  readonly #path: string;
  readonly #origin: string;
  readonly #tell: (level: 'info' | 'warning', message: string) => void;
  #pool: Promise<Pool> | undefined;
  #trouble: string | undefined;

  /** `tell` hears once that the engine is out of reach, and once that it is back. */
  constructor(target: EngineTarget, tell: (level: 'info' | 'warning', message: string) => void) {
    this.target = target;
    this.#tell = tell;
    const { origin, pathname } = new URL(target.url);
    this.#origin = origin;
    this.#path = pathname.replace(/\/+$/, '');
  }

  /** Whether the last call was answered. */
  get isUp(): boolean {
    return this.#trouble === undefined;
  }

  /** Answers whatever status is among `expected` (200 always is); `path` begins behind the address. */
  async call(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body: object | undefined,
    { expected = [], timeoutMs = 15_000 }: { readonly expected?: readonly number[]; readonly timeoutMs?: number } = {},
  ): Promise<EngineAnswer> {
    const answer = await this.#send(method, path, body, timeoutMs).catch((error: unknown) => {
      throw this.#failed(`${this.#origin} cannot be reached: ${reasonOf(error)}`, error);
    });
    const { status } = answer;
    this.isRefused = status === 401 || status === 403;
    if (this.isRefused) throw this.#failed(`${this.#origin} refuses the server's account (${status})`);
    if (status === 429 || status >= 500) throw this.#failed(`${this.#origin} answers ${status}${reasonIn(answer)}`);
    this.#recovered();
    if (status === 200 || expected.includes(status)) return answer;
    throw unavailable(`${this.#origin} answers ${status}${reasonIn(answer)}`);
  }

  async close(): Promise<void> {
    await (await this.#pool)?.destroy();
  }

  async #send(method: 'GET' | 'POST' | 'PUT', path: string, body: object | undefined, timeoutMs: number) {
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    const { username, password } = this.target.account;
    const credentials = Buffer.from(`${username}:${password}`).toString('base64');
    const answer = await pool.request({
      method,
      path: `${this.#path}/${path}`,
      headers: {
        ...(username !== '' && { authorization: `Basic ${credentials}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > answerLimit) throw new Error('its answer is too long');
    }
    return { status: answer.statusCode, body: parse(Buffer.concat(chunks).toString()) };
  }

  async #open(): Promise<Pool> {
    const undici = await import('undici');
    const { ca } = this.target;
    return new undici.Pool(this.#origin, {
      connections: 8,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 10_000, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) },
    });
  }

  #failed(reason: string, cause?: unknown): Failure {
    if (this.#trouble !== reason) this.#tell('warning', `logs: ${reason}`);
    this.#trouble = reason;
    return unavailable(reason, cause);
  }

  #recovered(): void {
    if (this.#trouble !== undefined) this.#tell('info', `logs: ${this.#origin} answers again`);
    this.#trouble = undefined;
  }
}

function unavailable(reason: string, cause?: unknown): Failure {
  return new Failure('not_available', { what: 'the log', reason }, { cause });
}

function reasonIn({ body }: EngineAnswer): string {
  const { reason, type } = body?.error ?? {};
  const words = typeof reason === 'string' ? reason : typeof type === 'string' ? type : '';
  return words === '' ? '' : `: ${words.slice(0, 300)}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
