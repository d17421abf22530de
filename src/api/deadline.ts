import { formatDuration } from '../core/duration.ts';
import { Failure } from '../core/errors.ts';

export interface Deadline {
  /** Aborts when the time is up or the caller gives up, with the Failure that says which. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Stops the clock; the caller's signal still counts. */
  disarm(): void;
  end(): void;
}

/** A longer time makes Node's timers ring at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Bounds a call by `limitMs`. Listens only until `end()`: a caller's signal may live as long as the process. */
export function startDeadline(url: string, limitMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const until = performance.now() + limitMs;
  const giveUp = () => controller.abort(outer?.reason);
  const timer = setTimeout(
    () => controller.abort(new Failure('request_timeout', { url, limit: formatDuration(limitMs) })),
    Math.min(limitMs, longestTimerMs),
  );
  if (outer?.aborted) giveUp();
  outer?.addEventListener('abort', giveUp, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => until - performance.now(),
    disarm: () => clearTimeout(timer),
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', giveUp);
    },
  };
}
