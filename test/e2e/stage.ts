import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knobs } from '../stand-ins/emqx/knobs.ts';

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** What stdin is read from; instead of `input`. */
  readonly inputFile?: string;
  /** Sees the output as it comes. */
  readonly onText?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface Server {
  readonly url: string;
  readonly mqtt: string;
  readonly pid: number;
  readonly passwordFile: string;
  /** `SIGKILL` is a power cut; the next start with the same folder goes on. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Emqx {
  readonly dashboardUrl: string;
  readonly apiUrl: string;
  /** Turns knobs while it runs. */
  turn(knobs: Readonly<Partial<Knobs>>): Promise<void>;
  stop(): Promise<number | null>;
}

export type Program = 'ecpctl' | 'emqxee-agent';

/**
 * A folder with real processes in it: the two programs from bin/, the server, EMQX stand-ins. Nothing of the caller's own
 * settings reaches them, and `close` ends what was started.
 */
export class Stage {
  readonly root: string;
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly #running = new Map<ChildProcess, string>();
  readonly #agents = new Set<string>();

  /** `root` is the repository, `folder` an empty place for everything that is written. */
  constructor(root: string, folder: string) {
    this.root = root;
    this.folder = folder;
    const kept = ['PATH', 'TMPDIR', 'SystemRoot'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    });
    this.env = {
      ...Object.fromEntries(kept),
      HOME: join(folder, 'home'),
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      ECP_CONFIG_DIR: join(folder, 'config'),
      ECPCTL_KEYRING: 'off',
    };
    mkdirSync(this.env.HOME ?? folder, { recursive: true });
  }

  /** Runs a program to its end. */
  async run(program: Program, args: readonly string[], options: RunOptions = {}): Promise<Done> {
    const child = spawn(process.execPath, [join(this.root, 'bin', `${program}.js`), ...args], {
      cwd: this.folder,
      env: { ...this.env, ...options.env },
    });
    options.signal?.addEventListener('abort', () => child.kill('SIGINT'));
    this.#running.set(child, program);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        options.onText?.(text);
      });
    }
    child.stdin.on('error', () => {});
    child.stdin.end(options.inputFile === undefined ? (options.input ?? '') : readFileSync(options.inputFile));
    // A daemon that is left running may hold the pipes: the end of the process itself is what counts.
    const [code] = (await once(child, 'exit')) as [number | null];
    await Promise.race([once(child, 'close'), sleep(200)]);
    this.#running.delete(child);
    const [home] = args.flatMap((arg, at) => (arg === '--home' ? [args[at + 1] ?? ''] : []));
    if (program === 'emqxee-agent' && home !== undefined && args[0] === 'start') this.#agents.add(home);
    return { code, ...texts };
  }

  /** Starts a process that goes on; its output is kept in `folder/NAME.out` for whoever looks for a cause. */
  background(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.set(child, name);
    const path = join(this.folder, `${name}.out`);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text) => writeFileSync(path, text, { flag: 'a' }));
    }
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  /** Starts `ecpctl server`, on a free port unless told one; with `dataDir` its state outlives it. */
  async startServer(
    options: {
      dataDir?: string;
      listen?: string;
      args?: readonly string[];
      env?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Server> {
    const passwordFile = join(this.folder, 'admin-password');
    if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(12).toString('base64url'), { mode: 0o600 });
    const readyFile = join(this.folder, 'server-ready.json');
    rmSync(readyFile, { force: true });
    const args = [
      join(this.root, 'bin/ecpctl.js'),
      'server',
      ...['--listen', options.listen ?? '127.0.0.1:0'],
      // Another broker replaces the embedded one.
      ...(options.args?.includes('--mqtt') ? [] : ['--mqtt-listen', '127.0.0.1:0']),
      ...(options.dataDir ? ['--data-dir', options.dataDir] : ['--ephemeral']),
      ...['--admin-password-file', passwordFile, '--ready-file', readyFile],
      ...(options.args ?? []),
    ];
    const child = this.background('server', args, options.env);
    await until(`the server is ready (see ${join(this.folder, 'server.out')})`, () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(this.#lastWords('server', child));
      return existsSync(readyFile);
    });
    const { url, mqtt, pid } = JSON.parse(readFileSync(readyFile, 'utf8'));
    return { url, mqtt, pid, passwordFile, stop: (signal) => end(child, signal) };
  }

  /** Starts an EMQX stand-in as a process of its own. */
  async startEmqx(knobs: Readonly<Partial<Knobs>> = {}): Promise<Emqx> {
    const script = join(this.root, 'test/stand-ins/emqx/start.js');
    const child = this.background('emqx', [script, '--knobs', JSON.stringify(knobs)]);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    await until('the EMQX stand-in listens', () => {
      if (child.exitCode !== null) throw new Error(this.#lastWords('emqx', child));
      return text.includes('\n');
    });
    const urls = JSON.parse(text.split('\n')[0] ?? '') as { dashboardUrl: string; apiUrl: string };
    return {
      ...urls,
      turn: async (change) => {
        await fetch(`${urls.dashboardUrl}/_knobs`, { method: 'PUT', body: JSON.stringify(change) });
      },
      stop: () => end(child),
    };
  }

  /** Ends every process, the agents that became daemons too. */
  async close(): Promise<void> {
    for (const home of this.#agents) await this.run('emqxee-agent', ['stop', '--home', home]);
    await Promise.all([...this.#running.keys()].reverse().map((child) => end(child)));
  }

  #lastWords(name: string, child: ChildProcess): string {
    const path = join(this.folder, `${name}.out`);
    const said = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    return `${name} ended with ${child.exitCode ?? child.signalCode}: ${said}`;
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, 'exit');
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(force);
  return child.exitCode;
}

/** Looks until `check` gives something; throws with `what` after `limitMs`. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  limitMs = 20_000,
): Promise<Exclude<T, false | undefined | null>> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found as Exclude<T, false | undefined | null>;
    if (performance.now() > limit) throw new Error(`Not within ${limitMs / 1000} s: ${what}.`);
    await sleep(50);
  }
}
