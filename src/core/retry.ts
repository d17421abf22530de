import type { Clock } from './clock.ts';

export interface Backoff {
  /** First ceiling in milliseconds. */
  readonly base: number;
  /** Highest ceiling in milliseconds. */
  readonly cap: number;
}

/**
 * Full jitter: a uniform draw between 0 and the doubled ceiling, so that many clients never come back in step.
 * `attempt` counts from 0. With `retryAfterMs` the wait is never shorter than what the server asked for.
 */
export function backoffDelay(attempt: number, { base, cap }: Backoff, random: () => number, retryAfterMs = 0): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return retryAfterMs + Math.floor(random() * ceiling);
}

/** Milliseconds of a Retry-After header: seconds or an HTTP date; undefined when it is neither. Never negative. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

export interface RetryPolicy extends Backoff {
  /** How often `work` may run in all. */
  readonly attempts: number;
  /** Milliseconds the failure asks to wait at least, or undefined when a repeat is no use. */
  readonly retryable: (error: unknown) => number | undefined;
}

/** Runs `work` until it succeeds, fails for good, or the attempts are used up; the last error comes out unchanged. */
export async function withRetry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  { clock, random, signal }: { clock: Clock; random: () => number; signal?: AbortSignal },
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const least = signal?.aborted || attempt + 1 >= policy.attempts ? undefined : policy.retryable(error);
      if (least === undefined) throw error;
      await clock.sleep(backoffDelay(attempt, policy, random, least), signal);
    }
  }
}
