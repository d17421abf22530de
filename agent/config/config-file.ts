import { statSync } from 'node:fs';
import { reasonOf } from '../../src/core/errors.ts';
import type { Home } from './home.ts';
import { type AgentConfig, loadConfig } from './load.ts';

/** agent.yaml as a running agent follows it. */
export class ConfigFile {
  readonly #home: Home;
  #seen = '';
  /** Why the file as it is now is not in force; undefined when it is. */
  trouble: string | undefined;
  /** Since when it is like that, epoch milliseconds. */
  since = Date.now();

  constructor(home: Home) {
    this.#home = home;
  }

  /** Throws like `loadConfig`; the trouble is remembered until a later load succeeds. */
  async load(): Promise<AgentConfig> {
    // Before reading: a change in between is then seen as one at the next look.
    this.#seen = this.#mark();
    this.since = Date.now();
    try {
      const config = await loadConfig(this.#home);
      this.trouble = undefined;
      return config;
    } catch (error) {
      this.trouble = reasonOf(error);
      throw error;
    }
  }

  /** True once after the file was changed, replaced, created or removed. A look costs one stat. */
  changed(): boolean {
    return this.#mark() !== this.#seen;
  }

  #mark(): string {
    try {
      const { ino, size, mtimeMs } = statSync(this.#home.config);
      return `${ino}:${size}:${mtimeMs}`;
    } catch {
      return 'none';
    }
  }
}
