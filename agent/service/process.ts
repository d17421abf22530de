import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../src/core/clock.ts';
import { formatDuration } from '../../src/core/duration.ts';
import { exit, Failure, reasonOf } from '../../src/core/errors.ts';
import { isSecretName } from '../../src/core/redact.ts';
import type { Home } from '../config/home.ts';
import { ownedDirectory } from '../config/state.ts';
import type { AgentControl } from './control-client.ts';
import { notAllowed } from './not-allowed.ts';
import { identify, runningAgent } from './pidfile.ts';

/** Set by `start` for the process it leaves behind; nobody else needs it. */
export const detachedMark = 'EMQXEE_AGENT_DETACHED';

/**
 * What a daemon is started with to stay small. glibc raises the size from which it gives memory back at the first large
 * buffer that is freed: 35 MB of private memory after a burst of logs instead of 47. V8 lets the part of its heap for
 * what is new grow to 32 MB and keeps it: 117 MB with a thousand log files instead of 154, at the same speed.
 */
export const thrift = { MALLOC_MMAP_THRESHOLD_: '1048576', NODE_OPTIONS: '--max-semi-space-size=4' } as const;

/** How a process of this very program is started: the single file itself, or Node with the script. */
export function ownCommand(): { readonly file: string; readonly args: readonly string[] } {
  const script = process.argv[1];
  const single = !/^node/.test(basename(process.execPath)) || script === undefined;
  return { file: process.execPath, args: single ? [] : [script] };
}

export interface StartOptions {
  readonly home: Home;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly control: AgentControl;
  /** How long the new process may take until it answers, in milliseconds. */
  readonly limitMs: number;
}

/** It answers, or it ended with this exit code after saying this on stderr. */
export type Started = { readonly pid: number } | { readonly exit: number; readonly said: string };

/**
 * Starts the agent as a process of its own that outlives this one, and resolves when it answers on the control socket
 * or has ended. Throws `wait_timeout` where it does neither, `unusable_path` where the home cannot be written.
 */
export async function startDetached({ home, env, clock, signal, control, limitMs }: StartOptions): Promise<Started> {
  const errors = join(home.logDirectory, 'stderr.log');
  let fd: number;
  try {
    ownedDirectory(home.logDirectory, home.root);
    // What Node itself says when it dies goes nowhere else; each start begins it anew, so it cannot grow.
    fd = openSync(errors, 'w', 0o640);
  } catch (error) {
    throw new Failure('unusable_path', { path: errors, reason: reasonOf(error) });
  }
  const { file, args } = ownCommand();
  const child = spawn(file, [...args, 'run', ...(home.moved ? ['--home', home.root] : [])], {
    detached: true,
    // The directory somebody happened to stand in must stay removable.
    cwd: '/',
    stdio: ['ignore', 'ignore', fd],
    env: { ...thrift, ...withoutSecrets(env), [detachedMark]: '1' },
  });
  closeSync(fd);
  let exitCode: number | undefined;
  child.once('exit', (code) => {
    exitCode = code ?? exit.failed;
  });
  child.once('error', () => {
    exitCode = exit.failed;
  });
  child.unref();
  for (const until = clock.monotonic() + limitMs; clock.monotonic() < until; ) {
    if (exitCode !== undefined) return { exit: exitCode, said: readFileSync(errors, 'utf8') };
    const status = await control.status(signal).catch(() => undefined);
    // Another agent of this home may answer while ours is still finding out that it is not alone.
    if (status && status.pid === child.pid) return { pid: status.pid };
    await clock.sleep(50, signal);
  }
  throw new Failure('wait_timeout', { limit: formatDuration(limitMs), command: 'emqxee-agent status' });
}

/** What was given to `register` in the environment has no business in a process that lives for months. */
function withoutSecrets(env: StartOptions['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSecretName(name)));
}

/**
 * Ends the agent of this home: SIGTERM, and SIGKILL where it does not go within `limitMs`. Answers undefined where none
 * was running.
 */
export async function stopAgent(home: Home, clock: Clock, limitMs: number): Promise<{ killed: boolean } | undefined> {
  const agent = runningAgent(home.pidFile);
  if (!agent) return undefined;
  const gone = () => identify(agent.pid)?.mark !== agent.mark;
  // Looked at again right before each signal: the number may belong to another process by now.
  const signalIt = (name: NodeJS.Signals) => {
    if (gone()) return;
    try {
      process.kill(agent.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPERM') throw notAllowed();
    }
  };
  const waitGone = async (ms: number) => {
    for (const until = clock.monotonic() + ms; clock.monotonic() < until; await clock.sleep(50))
      if (gone()) return true;
    return gone();
  };
  signalIt('SIGTERM');
  if (await waitGone(limitMs)) return { killed: false };
  signalIt('SIGKILL');
  await waitGone(5000);
  return { killed: true };
}
