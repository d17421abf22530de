import { redactText } from '../../core/redact.ts';
import type { World } from '../domain/world.ts';

export interface PlatformLine {
  /** Milliseconds. */
  readonly time: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
}

const kept = 1000;

/** The last lines of the server's own log, for `ecpctl` and scripts that ask the platform how it is. */
export class PlatformLog {
  readonly #lines: PlatformLine[] = [];
  /** Writes to the log behind it and remembers, without secrets. */
  readonly log: World['log'];

  constructor(behind: World['log'], now: () => number) {
    this.log = (level, message) => {
      this.#lines.push({ time: now(), level, message: redactText(message) });
      if (this.#lines.length > kept) this.#lines.shift();
      behind(level, message);
    };
  }

  /** Oldest first. */
  get lines(): readonly PlatformLine[] {
    return this.#lines;
  }
}
