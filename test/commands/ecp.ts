import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PassThrough } from 'node:stream';
import { runProgram } from '../../src/cli/run.ts';
import { program } from '../../src/commands/index.ts';
import type { ServerOptions } from '../../src/server/options.ts';
import type { TestServer } from '../server/support.ts';
import { adminPassword, testServer } from '../server/support.ts';
import { fakeHost } from '../support/host.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Columns of a terminal; none by default. */
  readonly terminal?: number;
}

/** An embedded server with one logged-in user of `ecpctl`, both in this process and thrown away by `stop`. */
export interface Ecp {
  readonly server: TestServer;
  readonly directory: string;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Runs with `-o json`, fails the test on any other exit code than 0, and answers what stdout says. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: RunOptions): Promise<T>;
  /** Begins a run that goes on until it is killed. */
  begin(args: readonly string[], options?: RunOptions): Running;
  stop(): Promise<void>;
}

export interface Running {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once the stream, stdout where none is named, holds the text; fails the test after ten seconds. */
  until(text: string, stream?: () => string): Promise<void>;
  kill(signal: 'SIGINT' | 'SIGTERM'): void;
  /** Types on the terminal. */
  type(keys: string): void;
  readonly ended: Promise<Ran>;
}

export async function startEcp(more: Partial<ServerOptions> = {}): Promise<Ecp> {
  const directory = mkdtempSync(join(tmpdir(), 'ecpctl-test-'));
  const server = await testServer(more);
  const run = (args: readonly string[], options: RunOptions = {}) => runEcpctl(args, directory, options);
  const ecp: Ecp = {
    server,
    directory,
    run,
    async json<T>(args: readonly string[], options?: RunOptions) {
      const { code, stdout, stderr } = await run([...args, '-o', 'json'], options);
      if (code !== 0) throw new Error(`ecpctl ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    begin: (args, options) => beginEcpctl(args, directory, options),
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  const login = await run(['login', '--url', server.url, '--username', 'admin', '--password-stdin'], {
    stdin: adminPassword,
  });
  if (login.code !== 0) throw new Error(`login ended with ${login.code}: ${login.stderr}`);
  return ecp;
}

/** One run of `ecpctl` in this process, with settings of its own and nothing of the machine's environment. */
export function runEcpctl(args: readonly string[], directory: string, options: RunOptions = {}): Promise<Ran> {
  return beginEcpctl(args, directory, options).ended;
}

function beginEcpctl(args: readonly string[], directory: string, options: RunOptions = {}): Running {
  const host = fakeHost(args, {
    env: { ECP_CONFIG_DIR: directory, ECPCTL_KEYRING: 'off', ...options.env },
    ...(options.stdin !== undefined && { stdin: options.stdin }),
    ...(options.terminal !== undefined && { terminal: options.terminal }),
  });
  const ended = runProgram(program, host).then((code) => ({
    code,
    stdout: host.stdoutText(),
    stderr: host.stderrText(),
  }));
  return {
    stdout: host.stdoutText,
    stderr: host.stderrText,
    kill: host.kill,
    type: (keys) => (host.stdin as PassThrough).write(keys),
    ended,
    async until(text, stream = host.stdoutText) {
      for (let tries = 0; !stream().includes(text); tries++) {
        if (tries > 500)
          throw new Error(`"${text}" did not come; stdout: ${host.stdoutText()} stderr: ${host.stderrText()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
