import type { Failure } from '../core/errors.ts';
import { isFailure } from '../core/errors.ts';
import type { RetryPolicy } from '../core/retry.ts';
import { errorCode } from './failure.ts';

/** A failure of one attempt, with what decides whether another one makes sense. */
export class Attempt extends Error {
  readonly failure: unknown;
  /** The server surely did nothing: it was never reached, or it said so with 429, or 503 and Retry-After. */
  readonly untouched: boolean;
  /** A repeat may go better at all. */
  readonly transient: boolean;
  readonly retryAfterMs: number;

  constructor(failure: unknown, how: { untouched: boolean; transient: boolean; retryAfterMs?: number | undefined }) {
    super('attempt failed', { cause: failure });
    this.failure = failure;
    this.untouched = how.untouched;
    this.transient = how.transient;
    this.retryAfterMs = how.retryAfterMs ?? 0;
  }
}

const unreached = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);
const brokenOff = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** True where the other side may have done what was asked, though no answer to it came. */
export function mayBeDone(error: unknown): boolean {
  if (isFailure(error, 'unreachable')) return brokenOff.has(errorCode(error.cause) ?? '');
  return isFailure(error, 'request_timeout') || (isFailure(error, 'unavailable') && error.status !== 503);
}

export function connectionAttempt(error: unknown, failure: unknown): Attempt {
  const code = errorCode(error) ?? '';
  const untouched = unreached.has(code);
  return new Attempt(failure, { untouched, transient: untouched || brokenOff.has(code) });
}

export function answerAttempt(failure: Failure, retryAfterMs: number | undefined): Attempt {
  const status = failure.status ?? 0;
  return new Attempt(failure, {
    untouched: status === 429 || (status === 503 && retryAfterMs !== undefined),
    transient: status === 429 || (status >= 502 && status <= 504),
    retryAfterMs,
  });
}

/**
 * At most four attempts within `remainingMs`. What may have been processed is sent again only where a second time
 * changes nothing (`repeatable`); a wait that would outlast the call's time is not begun.
 */
export function retryPolicy(repeatable: boolean, remainingMs: () => number): RetryPolicy {
  const base = 200;
  const cap = 3000;
  return {
    attempts: 4,
    base,
    cap,
    retryable: (error) => {
      if (!(error instanceof Attempt) || !error.transient) return undefined;
      if (!repeatable && !error.untouched) return undefined;
      return error.retryAfterMs + base > remainingMs() ? undefined : error.retryAfterMs;
    },
  };
}

/** The failure itself, out of the attempt that carried it. */
export function unwrapAttempt(error: unknown): unknown {
  return error instanceof Attempt ? error.failure : error;
}
