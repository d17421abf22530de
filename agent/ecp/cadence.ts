import type { Clock } from '../../src/core/clock.ts';
import { backoffDelay } from '../../src/core/retry.ts';

export interface CadenceDeps {
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Beat {
  /** Milliseconds between two successes; spread by a tenth either way, so that many agents do not call in step. */
  readonly everyMs: () => number;
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly succeeded: () => void;
  /** Answers false where trying again is no use. */
  readonly failed: (error: unknown) => boolean;
}

/** First and longest wait after failures in a row, in milliseconds; each is drawn between 0 and its ceiling. */
const backoff = { base: 1000, cap: 60_000 };

/**
 * Does the same work again and again until the signal aborts or a failure is final. One run ends before the next
 * begins: whatever hangs or fails, nothing piles up.
 */
export async function cadence(beat: Beat, { clock, random }: CadenceDeps, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    let wait: number;
    try {
      await beat.work(signal);
      failures = 0;
      beat.succeeded();
      wait = beat.everyMs() * (0.9 + 0.2 * random());
    } catch (error) {
      if (signal.aborted || !beat.failed(error)) return;
      wait = backoffDelay(failures++, backoff, random);
    }
    try {
      await clock.sleep(wait, signal);
    } catch {
      return;
    }
  }
}
