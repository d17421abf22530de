import type { Clock } from '../../src/core/clock.ts';

/**
 * Runs `work` with a signal that aborts with the outer one and after `ms`; then `late` makes the error.
 * Own code, because `AbortSignal.any` on a signal that lives as long as the agent leaks in the Node 20 we run on.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const abort = () => inner.abort(outer.reason);
  outer.addEventListener('abort', abort, { once: true });
  const timer = new AbortController();
  clock.sleep(ms, timer.signal).then(
    () => inner.abort(late()),
    () => {},
  );
  try {
    return await work(inner.signal);
  } catch (error) {
    throw inner.signal.aborted ? inner.signal.reason : error;
  } finally {
    timer.abort();
    outer.removeEventListener('abort', abort);
  }
}

/** Waits for `work` no longer than the signal allows; the work itself goes on. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
