import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { main } from '../../agent/main.ts';
import { agentControl } from '../../agent/service/control-client.ts';
import type { AgentStatus } from '../../src/contract/control.ts';
import { fakeHost } from '../support/host.ts';

const program = fileURLToPath(new URL('../../bin/emqxee-agent.js', import.meta.url));

/** Everything a test starts; ended after each test, last first. */
const ends: (() => unknown)[] = [];
afterEach(async () => {
  while (ends.length > 0) await ends.pop()?.();
});
export const atEnd = (end: () => unknown) => void ends.push(end);

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
}

/** One agent in a home of its own under the temp folder, driven through the real program. */
export class TestAgent {
  readonly home: string;
  /** All that the program ever printed for this agent. */
  printed = '';

  constructor() {
    this.home = mkdtempSync(join(tmpdir(), 'agent-'));
    atEnd(() => {
      this.kill();
      rmSync(this.home, { recursive: true, force: true });
    });
  }

  run(args: readonly string[], { env = {}, stdin = '' }: RunOptions = {}): Promise<Result> {
    const child = this.spawn(args, env);
    child.stdin?.end(stdin);
    return collect(child).then((result) => {
      this.printed += result.stdout + result.stderr;
      return result;
    });
  }

  /** The same without a process of its own, where none is needed to see what holds. */
  async call(args: readonly string[], { env = {}, stdin = '' }: RunOptions = {}): Promise<Result> {
    const host = fakeHost(['--home', this.home, ...args], { env, stdin });
    const code = await main(host);
    return { code, stdout: host.stdoutText(), stderr: host.stderrText() };
  }

  /** A command that goes on running, such as `run`. */
  spawn(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [program, '--home', this.home, ...args], {
      env: { PATH: process.env.PATH ?? '', LANG: 'C', ...env },
      stdio: 'pipe',
    });
  }

  /** As the running agent says it on its control socket; undefined where none answers. */
  status(): Promise<AgentStatus | undefined> {
    return agentControl(join(this.home, 'run/control.sock')).status();
  }

  /** Waits until the status is as told; the last one seen is in the error. */
  async until(good: (status: AgentStatus) => boolean, limitMs = 15_000): Promise<AgentStatus> {
    let last: AgentStatus | undefined;
    for (const end = Date.now() + limitMs; Date.now() < end; ) {
      last = await this.status();
      if (last && good(last)) return last;
      await pause(50);
    }
    throw new Error(`not reached; last status: ${JSON.stringify(last, null, 2)}\n${this.log()}`);
  }

  part(status: AgentStatus | undefined, name: string) {
    return status?.parts.find((part) => part.name === name);
  }

  config(yaml: string): void {
    this.write('etc/agent.yaml', yaml);
  }

  write(name: string, content: string): void {
    const path = join(this.home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  log(): string {
    return this.read('log/agent.log');
  }

  read(path: string): string {
    try {
      return readFileSync(join(this.home, path), 'utf8');
    } catch {
      return '';
    }
  }

  /** The number in the pid file, whether or not anybody has it. */
  get pid(): number | undefined {
    return Number(this.read('run/agent.pid').split('\n')[0]) || undefined;
  }

  /** As the kernel does when memory is short. */
  kill(): void {
    const { pid } = this;
    if (pid === undefined || !this.isOurs(pid)) return;
    process.kill(pid, 'SIGKILL');
    for (let turn = 0; turn < 500 && this.isOurs(pid); turn++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }

  private isOurs(pid: number): boolean {
    try {
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false;
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.home);
    } catch {
      return false;
    }
  }
}

export function collect(child: ChildProcess): Promise<Result> {
  const out: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  child.stdout?.on('data', (chunk: Buffer) => out.stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => out.stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({
        code: code ?? (signal === null ? -1 : -2),
        stdout: Buffer.concat(out.stdout).toString(),
        stderr: Buffer.concat(out.stderr).toString(),
      }),
    );
  });
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
