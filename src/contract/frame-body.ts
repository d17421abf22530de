import { TunnelError, tunnelLimits } from './frames.ts';

/**
 * Flow control of the tunnel. An MQTT acknowledgement comes from the broker and says nothing about the receiver, so
 * the receiver itself grants credit: the sender of a body may be `tunnelLimits.window` data frames ahead and gets
 * more as they are consumed. Memory is bounded on both ends and so is what a broker has to queue.
 */

/** What a sender may still send. */
export class Credit {
  #left: number = tunnelLimits.window;
  #waiting: (() => void) | undefined;

  grant(frames: number): void {
    this.#left = Math.min(this.#left + frames, tunnelLimits.window);
    this.#waiting?.();
  }

  /** Takes the right to one frame, waiting for it; rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#left === 0) {
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        this.#waiting = () => {
          signal.removeEventListener('abort', abort);
          this.#waiting = undefined;
          resolve();
        };
      });
    }
    this.#left -= 1;
  }
}

export interface BodyFrames {
  data(seq: number, bytes: Uint8Array): void;
  end(seq: number): void;
}

/**
 * Sends a body as data frames of at most `tunnelLimits.chunk` bytes, waiting for credit before each. A Node stream
 * joins what arrives meanwhile, so a source of tiny pieces does not use up the window.
 */
export async function sendBody(
  source: AsyncIterable<Uint8Array>,
  credit: Credit,
  frames: BodyFrames,
  signal: AbortSignal,
): Promise<void> {
  let seq = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; at += tunnelLimits.chunk) {
      await credit.take(signal);
      frames.data(seq++, piece.subarray(at, at + tunnelLimits.chunk));
    }
    signal.throwIfAborted();
  }
  signal.throwIfAborted();
  frames.end(seq);
}

/** The receiving end of a body: takes frames in, gives pieces out, and grants credit as they are consumed. */
export class BodyReader implements AsyncIterable<Uint8Array> {
  readonly #grant: (frames: number) => void;
  readonly #pieces: Uint8Array[] = [];
  #next = 0;
  #consumed = 0;
  #total: number | undefined;
  #error: unknown;
  #failed = false;
  #wake: (() => void) | undefined;

  /** `grant` sends a credit frame to the sender. */
  constructor(grant: (frames: number) => void) {
    this.#grant = grant;
  }

  /** Takes a data frame. Throws `TunnelError` (`flow`) when one before it is missing or the window is overrun. */
  push(seq: number, bytes: Uint8Array): void {
    // QoS 1 delivers at least once: the same piece again is no harm.
    if (seq < this.#next || this.#failed) return;
    if (seq > this.#next || this.#total !== undefined) throw lost(this.#next);
    if (this.#pieces.length >= tunnelLimits.window) {
      throw new TunnelError('flow', `more than ${tunnelLimits.window} data frames were sent ahead`);
    }
    this.#next += 1;
    this.#pieces.push(bytes);
    this.#wake?.();
  }

  /** Takes the end frame. Throws `TunnelError` (`flow`) when data frames before it are missing. */
  end(seq: number): void {
    if (this.#total !== undefined || this.#failed) return;
    if (seq !== this.#next) throw lost(this.#next);
    this.#total = seq;
    this.#wake?.();
  }

  /** Ends the body with an error; pieces not consumed yet are dropped. */
  fail(error: unknown): void {
    if (this.#failed || this.#total !== undefined) return;
    this.#failed = true;
    this.#error = error;
    this.#pieces.length = 0;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#failed) throw this.#error;
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#consumed += 1;
        // Half a window at once: one credit frame for several data frames, and the sender never has to stop.
        if (this.#consumed % (tunnelLimits.window / 2) === 0 && this.#total === undefined) {
          this.#grant(tunnelLimits.window / 2);
        }
        yield piece;
      } else if (this.#total !== undefined) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = () => {
            this.#wake = undefined;
            resolve();
          };
        });
      }
    }
  }
}

function lost(next: number): TunnelError {
  return new TunnelError('flow', `data frame ${next} was lost on the way`);
}
