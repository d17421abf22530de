import { Check } from '@sinclair/typebox/value';
import type { Clock } from '../../src/core/clock.ts';
import { formatDuration } from '../../src/core/duration.ts';
import { abortable, within } from './deadline.ts';
import { EmqxError, type EmqxErrorCode } from './errors.ts';
import { callTimeout, type EmqxHttp, readText, timedOut } from './http.ts';
import { Failure5, Login5 } from './v5-answers.ts';

/**
 * After EMQX has refused who we are, nothing is tried for this long: five failed logins in five minutes lock the
 * operator's own user for ten (contract: emqx.md A2). New settings start anew at once. Milliseconds.
 */
export const refusalPause = 30 * 60_000;

/** Remembers a refusal. It outlives everything but the settings. */
export class Refusal {
  readonly #clock: Clock;
  #error: EmqxError | undefined;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws the refusal while its pause lasts. */
  check(): void {
    if (this.#error && this.#clock.monotonic() < this.#until) throw this.#error;
    this.#error = undefined;
  }

  /** Starts the pause and returns the error. */
  start(code: EmqxErrorCode, values: Readonly<Record<string, string>>): EmqxError {
    this.#until = this.#clock.monotonic() + refusalPause;
    this.#error = new EmqxError(code, { ...values, pause: formatDuration(refusalPause) });
    return this.#error;
  }
}

/** Who the agent is to EMQX. */
export interface Credentials {
  /** Name of the user or key, for sentences. */
  readonly user: string;
  /** True when EMQX says that this user may only look. */
  readonly viewer: boolean;
  /** Value for `Authorization`. Throws `EmqxError` when EMQX refuses or has refused lately. */
  header(signal: AbortSignal): Promise<string>;
  /** After a 401 to `used`: another value to try once. Throws `EmqxError` when there is none. */
  renewed(used: string, signal: AbortSignal): Promise<string>;
}

/** Name and secret with every request: API keys, and everything on v4. */
export function basicCredentials(
  user: string,
  secret: string,
  refusal: Refusal,
  code: 'bad_key' | 'bad_password',
): Credentials {
  const value = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  return {
    user,
    viewer: false,
    async header() {
      refusal.check();
      return value;
    },
    async renewed() {
      throw refusal.start(code, { user });
    },
  };
}

/** v5: a token for user name and password, fetched once for all who wait, and again when EMQX has dropped it. */
export function tokenCredentials(
  http: EmqxHttp,
  base: string,
  user: string,
  password: string,
  refusal: Refusal,
): Credentials {
  let token: string | undefined;
  let login: Promise<string> | undefined;
  let viewer = false;

  async function logIn(signal: AbortSignal): Promise<string> {
    const answer = await http.request(
      {
        method: 'POST',
        base,
        path: '/api/v5/login',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ username: user, password }),
      },
      signal,
    );
    const body = parseJson(await readText(answer.body, 65_536));
    if (answer.status === 200 && Check(Login5, body)) {
      viewer = body.role === 'viewer';
      return `Bearer ${body.token}`;
    }
    const failure = Check(Failure5, body) ? body : undefined;
    if (answer.status === 503) throw new EmqxError('not_ready', { url: base });
    const reason = `HTTP ${answer.status} ${failure?.code ?? ''}`.trim();
    const final = answer.status >= 400 && answer.status < 500 && ![404, 408, 429].includes(answer.status);
    if (!final) throw new EmqxError('failed', { what: 'the login', reason });
    throw refusal.start(refusals[failure?.code ?? ''] ?? 'login_rejected', { user, reason });
  }

  async function header(signal: AbortSignal): Promise<string> {
    refusal.check();
    if (token !== undefined) return token;
    // One login for everybody who waits: it must not die with the first of them.
    login ??= within(http.clock, callTimeout, never, () => timedOut(base), logIn).finally(() => {
      login = undefined;
    });
    token = await abortable(login, signal);
    return token;
  }

  return {
    user,
    get viewer() {
      return viewer;
    },
    header,
    async renewed(used, signal) {
      if (token === used) token = undefined;
      return header(signal);
    },
  };
}

const never = new AbortController().signal;

const refusals: Readonly<Record<string, EmqxErrorCode>> = {
  BAD_USERNAME_OR_PWD: 'bad_password',
  LOGIN_LOCKED: 'locked',
  BAD_MFA_TOKEN: 'second_factor',
};

export function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
