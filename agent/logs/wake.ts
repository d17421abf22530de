import type { Clock } from '../../src/core/clock.ts';

/** Lets one loop sleep until it is poked or a time has passed. A poke while nobody sleeps is not lost. */
export class Wake {
  private poked = false;
  private interrupt: AbortController | undefined;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  poke(): void {
    this.poked = true;
    this.interrupt?.abort();
  }

  /** Never rejects: a loop looks at its signal itself. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.poked && !signal.aborted) {
      this.interrupt = new AbortController();
      const forward = () => this.interrupt?.abort();
      signal.addEventListener('abort', forward, { once: true });
      await this.clock.sleep(ms, this.interrupt.signal).catch(() => undefined);
      signal.removeEventListener('abort', forward);
      this.interrupt = undefined;
    }
    this.poked = false;
  }
}
