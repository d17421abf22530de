import { describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import type { Runtime } from '../../src/cli/runtime.ts';
import type { Sight, Watch } from '../../src/cli/wait.ts';
import { shallWait, waitFor } from '../../src/cli/wait.ts';
import type { Clock } from '../../src/core/clock.ts';
import { Failure } from '../../src/core/errors.ts';
import { fakeHost } from '../support/host.ts';

/** A runtime whose sleeps take no time but move the clock. */
function setting(terminal?: number) {
  const host = fakeHost([], terminal === undefined ? {} : { terminal });
  const abort = new AbortController();
  let now = 0;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
  const out = new Output({
    stdout: host.stdout,
    stderr: host.stderr,
    env: {},
    lang: 'en',
    format: 'table',
    color: undefined,
    headers: true,
    columns: undefined,
    query: undefined,
    quiet: false,
  });
  const runtime: Runtime = {
    program: 'ecpctl',
    host,
    env: {},
    lang: 'en',
    clock,
    random: () => 0.5,
    signal: abort.signal,
    out,
    interactive: false,
    debug: false,
    globals: {},
    prompt: () => Promise.reject(new Error('nobody to ask')),
    atExit: () => {},
  };
  return { runtime, host, abort, now: () => now };
}

function watch(looks: (count: number) => Sight | Promise<Sight>): Watch & { count: () => number } {
  let count = 0;
  return {
    what: { en: 'scaling of a', zh: 'a 的扩展' },
    resume: 'ecpctl wait a',
    inspect: 'ecpctl get a',
    look: async () => looks(++count),
    count: () => count,
  };
}

const passing: Sight = { course: 'passing', progress: { en: '10%', zh: '10%' } };

describe('the wait engine', () => {
  it('looks until it is done', async () => {
    const { runtime } = setting();
    const watched = watch((count) => (count < 5 ? passing : { course: 'done' }));
    await waitFor(runtime, watched, {});
    expect(watched.count()).toBe(5);
  });

  it('stops at once on a failure for good, with its reason', async () => {
    const { runtime } = setting();
    const watched = watch(() => ({ course: 'failed', reason: 'no space' }));
    await expect(waitFor(runtime, watched, {})).rejects.toMatchObject({
      code: 'task_failed',
      exit: 1,
      values: { reason: 'no space' },
    });
    expect(watched.count()).toBe(1);
  });

  it('ends at its limit and names the command that goes on, having looked once at the very end', async () => {
    const { runtime, now } = setting();
    const looked: number[] = [];
    const watched = watch(() => {
      looked.push(now());
      return passing;
    });
    await expect(waitFor(runtime, watched, { timeout: 10_000 })).rejects.toMatchObject({
      code: 'wait_timeout',
      exit: 124,
      values: { command: 'ecpctl wait a' },
    });
    expect(looked.at(-1)).toBe(10_000);
  });

  it('outlives a server that restarts now and then: only failures in a row count', async () => {
    const { runtime } = setting();
    const watched = watch((count) => {
      if (count > 60) return { course: 'done' };
      if (count % 3 !== 0) throw new Failure('unreachable', { url: 'u', reason: 'refused' });
      return passing;
    });
    await waitFor(runtime, watched, {});
    expect(watched.count()).toBe(61);
  });

  it('gives up on a server that stays away, and at once on one that says no', async () => {
    const away = watch(() => Promise.reject(new Failure('unavailable', { reason: 'HTTP 503' })));
    await expect(waitFor(setting().runtime, away, {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(away.count()).toBeGreaterThan(3);
    const refused = watch(() => Promise.reject(new Failure('forbidden', { reason: 'x' })));
    await expect(waitFor(setting().runtime, refused, {})).rejects.toMatchObject({ code: 'forbidden' });
    expect(refused.count()).toBe(1);
  });

  it('is not held over its limit by a server that takes the call and never answers', async () => {
    const { runtime } = setting();
    const watched = watch(() => passing);
    const silent: Watch = {
      ...watched,
      look: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    await expect(waitFor(runtime, silent, { timeout: 0 })).rejects.toMatchObject({ code: 'wait_timeout' });
  });

  it.each(['unavailable', 'session_expired'] as const)(
    'says how to take the wait up again when it loses the server: %s',
    async (code) => {
      const { runtime, host } = setting();
      const lost = watch(() => Promise.reject(new Failure(code, { status: 503 })));
      await expect(waitFor(runtime, lost, {})).rejects.toMatchObject({ code });
      expect(host.stderrText()).toContain('ecpctl wait a');
    },
  );

  it('says on Ctrl-C that the operation goes on, and leaves it alone', async () => {
    const { runtime, host, abort } = setting();
    const watched = watch((count) => {
      if (count === 2) abort.abort(new Failure('interrupted'));
      return passing;
    });
    await expect(waitFor(runtime, watched, {})).rejects.toMatchObject({ code: 'interrupted' });
    expect(host.stderrText()).toContain('the operation goes on');
    expect(host.stderrText()).toContain('ecpctl wait a');
    expect(host.stdoutText()).toBe('');
  });

  it('waits on a terminal unless told otherwise, and in a script only when told', () => {
    expect(shallWait(setting(80).runtime, {})).toBe(true);
    expect(shallWait(setting().runtime, {})).toBe(false);
    expect(shallWait(setting(80).runtime, { wait: false })).toBe(false);
    expect(shallWait(setting().runtime, { wait: true })).toBe(true);
  });
});
