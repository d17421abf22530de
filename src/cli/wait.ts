import { startDeadline } from '../api/deadline.ts';
import { formatDuration } from '../core/duration.ts';
import { Failure, isFailure } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import { say } from '../core/text.ts';
import type { Options } from './command.ts';
import { createProgress } from './progress.ts';
import type { Runtime } from './runtime.ts';

/** What one look at an operation found. */
export type Sight =
  | { readonly course: 'passing'; readonly progress: Text }
  | { readonly course: 'done' }
  | { readonly course: 'failed'; readonly reason: string | Text };

export interface Watch {
  /** What is waited for, as a noun: `scaling of plant-1`. */
  readonly what: Text;
  /** Command that takes the wait up again. */
  readonly resume: string;
  /** Command that shows the cause of a failure. */
  readonly inspect: string;
  look(signal: AbortSignal): Promise<Sight>;
}

export const waitOptions = {
  wait: {
    kind: 'flag',
    negatable: true,
    help: { en: 'Wait until it is done; what a terminal does by default', zh: '等待操作完成（在终端中默认等待）' },
  },
  timeout: {
    kind: 'duration',
    value: 'TIME',
    fallback: '15m',
    help: { en: 'Longest time to wait', zh: '最长等待时间' },
  },
} as const satisfies Options;

const defaultTimeoutMs = 15 * 60_000;
const firstPauseMs = 150;
const longestPauseMs = 3000;
/** Looks that may fail in a row: a server that restarts meanwhile does not end the wait. */
const patience = 8;
/** What the last look may take beyond the limit. */
const graceMs = 1000;

export interface WaitOptions {
  readonly wait?: boolean | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
}

/** True where the change is to be waited for: asked so, or a person sits before it. */
export function shallWait(runtime: Runtime, options: WaitOptions): boolean {
  return options.wait ?? runtime.host.stderr.isTTY === true;
}

/**
 * The one wait engine: looks until the operation is done.
 *
 * @throws Failure task_failed as soon as it has failed for good; wait_timeout; interrupted by the user. In the last two
 *   cases, and where the server is lost meanwhile, the operation goes on, and the command to take the wait up again is
 *   said.
 */
export async function waitFor(runtime: Runtime, watch: Watch, options: WaitOptions): Promise<void> {
  const limitMs = options.timeout ?? defaultTimeoutMs;
  const { clock, signal, lang } = runtime;
  const started = clock.monotonic();
  const left = () => limitMs - (clock.monotonic() - started);
  const progress = await createProgress(runtime);
  try {
    for (let pause = firstPauseMs, failures = 0; ; pause = Math.min(pause * 1.4, longestPauseMs)) {
      let sight: Sight;
      // A server that takes the call and never answers must not hold the wait for as long as a request may take.
      const bound = startDeadline('ECP', Math.max(left(), graceMs), signal);
      try {
        sight = await watch.look(bound.signal);
        failures = 0;
      } catch (error) {
        if (!isPassing(error) || ++failures > patience) throw error;
        sight = { course: 'passing', progress: { en: error.sentence('en'), zh: error.sentence('zh') } };
      } finally {
        bound.end();
      }
      if (sight.course === 'done') return progress.done(watch.what[lang], clock.monotonic() - started);
      if (sight.course === 'failed') throw failed(watch, sight.reason);
      progress.show(`${watch.what[lang]}: ${sight.progress[lang]}`);
      if (left() <= 0) {
        throw new Failure('wait_timeout', { limit: formatDuration(limitMs), command: watch.resume });
      }
      await clock.sleep(Math.max(0, Math.min(pause, left())), signal);
    }
  } catch (error) {
    progress.stop();
    if (signal.aborted || isPassing(error) || isFailure(error, 'session_expired', 'not_logged_in')) {
      runtime.out.note(say(goesOn, lang, { command: watch.resume }));
    }
    throw error;
  }
}

const goesOn: Text = {
  en: 'Stopped waiting; the operation goes on. Take the wait up again with: {command}',
  zh: '已停止等待，操作仍在继续。继续等待：{command}',
};

function failed(watch: Watch, reason: string | Text): Failure {
  return new Failure('task_failed', { what: watch.what, reason, command: watch.inspect });
}

function isPassing(error: unknown): error is Failure {
  return isFailure(error, 'unreachable', 'unavailable', 'request_timeout', 'throttled');
}
