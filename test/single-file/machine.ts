import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from './built.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a bare EMQX machine has of what the published lines call. */
const tools = ['sh', 'curl', 'chmod', 'sha256sum', 'uname', 'getconf', 'ldd', 'grep', 'sed', 'awk', 'df', 'cat'];
const more = ['mkdir', 'mktemp', 'mv', 'rm', 'gzip', 'ip', 'mount', 'sleep'];

/**
 * A machine within this one: namespaces of its own for network, processes and mounts, with empty /usr/local/bin, /opt
 * and /run, no systemd and no Node on PATH. So the published lines run word for word, with their paths and ports, and
 * leave nothing here. Needs root, or user namespaces.
 */
export class Machine {
  /** A directory that both see. */
  readonly dir = mkdtempSync(join(tmpdir(), 'machine-'));
  private readonly holder: ChildProcess;
  private pid = 0;

  private constructor() {
    for (const name of ['path', 'bin']) mkdirSync(join(this.dir, name));
    for (const name of [...tools, ...more]) {
      const found = which(name);
      if (found !== undefined) symlinkSync(found, join(this.dir, 'path', name));
    }
    writeFileSync(join(this.dir, 'path/sudo'), '#!/bin/sh\nexec "$@"\n');
    chmodSync(join(this.dir, 'path/sudo'), 0o755);
    const setup = [
      'set -e',
      'ip link set lo up',
      `mount --bind ${join(this.dir, 'bin')} /usr/local/bin`,
      'mount -t tmpfs none /opt',
      'mount -t tmpfs none /run',
      'echo ready',
      'exec sleep 1000000',
    ];
    const own = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', ...userFlags()];
    this.holder = spawn('unshare', [...own, 'sh', '-c', setup.join('\n')], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The machine, or the reason why there can be none here. */
  static async make(): Promise<Machine | string> {
    for (const name of ['unshare', 'nsenter', 'ip', 'curl']) {
      if (!which(name)) return `no ${name} (Debian: util-linux, iproute2, curl)`;
    }
    const machine = new Machine();
    const said = await machine.ready();
    if (said === undefined) return machine;
    machine.end();
    return `no namespaces: ${said}`;
  }

  private ready(): Promise<string | undefined> {
    let errors = '';
    this.holder.stderr?.on('data', (data) => {
      errors += data;
    });
    return new Promise((resolve) => {
      this.holder.once('error', (error) => resolve(error.message));
      this.holder.once('exit', () => resolve(errors.trim() || 'unshare ended'));
      this.holder.stdout?.once('data', () => {
        this.pid = Number(readFileSync(`/proc/${this.holder.pid}/task/${this.holder.pid}/children`, 'utf8'));
        resolve(undefined);
      });
    });
  }

  /** A line at the machine's own shell. */
  shell(line: string, env: Record<string, string> = {}): Promise<Said> {
    const into = ['-t', `${this.pid}`, '-m', '-n', '-p', ...enterFlags()];
    const clean = { PATH: join(this.dir, 'path'), HOME: this.dir, LANG: 'C', ...env };
    const assigned = Object.entries(clean).map(([name, value]) => `${name}=${value}`);
    return said('nsenter', [...into, 'env', '-i', ...assigned, 'sh', '-c', line]);
  }

  /** A program of this machine on the network of the other. */
  onNetwork(args: readonly string[]): [string, ...string[]] {
    return ['nsenter', '-t', `${this.pid}`, '-n', ...enterFlags(), ...args];
  }

  /** Every process in it dies with the first one. */
  end(): void {
    this.holder.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const root = () => process.getuid?.() === 0;
const userFlags = () => (root() ? [] : ['--user', '--map-root-user']);
const enterFlags = () => (root() ? [] : ['-U', '--preserve-credentials']);

/** Runs a program to its end. */
export function said(
  program: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
) {
  return new Promise<Said>((resolve) => {
    const { input = '', env = process.env } = options;
    const child = execFile(program, args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
