import { afterEach } from 'vitest';
import { createEmqxObserver } from '../../../agent/emqx/observer.ts';
import type { EmqxObserver, EmqxSettings, Observation } from '../../../agent/emqx/types.ts';
import type { Logger } from '../../../agent/part.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import type { Knobs } from '../../stand-ins/emqx/knobs.ts';
import { type EmqxStandIn, type StartOptions, startEmqx } from '../../stand-ins/emqx/server.ts';

export { settingsFor } from './settings.ts';

/** Everything a test of this folder starts; ended after each test, last first. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (ends.length > 0) await ends.pop()?.();
});
export const atEnd = (end: () => Promise<unknown>) => void ends.push(end);

export async function emqx(knobs: Partial<Knobs> = {}, options: StartOptions = {}): Promise<EmqxStandIn> {
  const standIn = await startEmqx(knobs, options);
  atEnd(() => standIn.stop());
  return standIn;
}

/** Real time that a test can push forward, and in which every wait is a twentieth as long. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function fastClock(scale = 20): TestClock {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: (ms, signal) => systemClock.sleep(ms / scale, signal),
    advance: (ms) => {
      ahead += ms;
    },
  };
}

export interface Line {
  readonly level: string;
  readonly message: string;
}

export function memoryLogger(): Logger & { readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (message: string) => void lines.push({ level, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export interface Watched {
  readonly observer: EmqxObserver;
  readonly clock: TestClock;
  readonly lines: Line[];
  /** The next look that satisfies `wanted`, the current one not counted. */
  next(wanted?: (seen: Observation) => boolean): Promise<Observation>;
}

export function watch(settings: EmqxSettings, clock = fastClock()): Watched {
  const logger = memoryLogger();
  const observer = createEmqxObserver({ clock, logger, agentId: 'agent-1' });
  atEnd(() => observer.stop(100));
  observer.apply(settings);
  return {
    observer,
    clock,
    lines: logger.lines,
    next: (wanted = () => true) =>
      new Promise((resolve, reject) => {
        let last: Observation | undefined;
        const late = setTimeout(() => reject(new Error(`not seen; last: ${JSON.stringify(last)}`)), 10_000);
        const off = observer.onLook((seen) => {
          last = seen;
          if (!wanted(seen)) return;
          clearTimeout(late);
          off();
          resolve(seen);
        });
      }),
  };
}

export const healthy = (seen: Observation) =>
  seen.nodeConnectError + seen.clusterFetchError + seen.metricsFetchError === '' && seen.nodes.length > 0;
