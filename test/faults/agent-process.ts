import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentControl } from '../../agent/service/control-client.ts';
import { thrift } from '../../agent/service/process.ts';
import type { Metadata } from '../../src/contract/agent.ts';
import type { AgentStatus } from '../../src/contract/control.ts';
import { type EcpStandIn, registrationToken, startEcpStandIn } from '../stand-ins/ecp/ecp.ts';

/** How often the agent is asked how it is, in milliseconds. */
const askMs = 200;

/** What `emqxee-agent status` says of the logs, and what the kernel says of the process. */
export interface ProcessStatus {
  readonly state: string;
  readonly reason: string | undefined;
  readonly delivered: number;
  readonly dead: number;
  readonly retried: number;
  readonly files: number;
  readonly lost: number;
  readonly lostBytes: number;
  readonly unread: number;
  /** Bytes at present, and the most there ever were. */
  readonly rss: number;
  readonly peakRss: number;
  readonly fds: number;
  /** All parts of the agent. */
  readonly parts: AgentStatus['parts'];
}

export interface AgentOptions {
  /** Where the agent's home is made. */
  readonly root: string;
  /** EMQX's log directory. */
  readonly directory: string;
  /** Where logs go, as ECP's metadata tell it. */
  readonly sink: Partial<Metadata['elasticsearch']> & { readonly urls: string[] };
  readonly gzip?: boolean;
  /** What else ECP's metadata tell. */
  readonly metadata?: Partial<Pick<Metadata, 'mqtt' | 'tunnel'>>;
  /** No EMQX is there unless told where. */
  readonly dashboardUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What starts it in its place, such as `obeying`. */
  readonly launcher?: readonly string[] | undefined;
}

/** A launcher where its tools are there and may do what they do. */
const launcher = (...command: string[]): readonly string[] | undefined => {
  const [tool = '', ...args] = command;
  return spawnSync(tool, [...args, 'true']).status === 0 ? command : undefined;
};

/** Makes permissions hold for root, too. */
export const obeying =
  process.getuid?.() === 0 ? launcher('setpriv', '--bounding-set', '-dac_override,-dac_read_search') : [];

/** Leaves no inotify watch to the process, as on a machine where others have taken all. */
export const unwatched = launcher(
  ...['unshare', '--user', '--map-root-user'],
  ...['sh', '-c', 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"', 'sh'],
);

interface LogLine {
  readonly level: string;
  readonly part: string;
  readonly message: string;
  readonly reason?: string;
}

/**
 * The program `emqxee-agent run` of the last build in a home of its own, registered at an ECP stand-in that is its own,
 * too. It can be killed and started again over the same home.
 */
export class AgentProcess {
  status: ProcessStatus | undefined;
  /** What it logged from `info` on; a line that is none of its own has the level `stderr`. */
  readonly log: LogLine[] = [];
  peakRss = 0;
  readonly home: string;
  /** Where checkpoint and dead letters are. */
  readonly stateDirectory: string;
  private readonly options: AgentOptions;
  private ecp: EcpStandIn | undefined;
  private child: ChildProcess | undefined;

  constructor(options: AgentOptions) {
    this.options = options;
    this.home = join(options.root, 'agent');
    this.stateDirectory = join(this.home, 'var/logs');
    mkdirSync(join(this.home, 'etc'), { recursive: true });
    const logs = `logs: { gzip: ${options.gzip ?? false} }`;
    const logger = 'logger: { mode: console, level: info, format: json }';
    writeFileSync(join(this.home, 'etc/agent.yaml'), `agent:\n  ${logger}\n  ${logs}\n`);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it. Resolves at once when it is registered already, and otherwise when it is. */
  async start(): Promise<void> {
    const program = [process.execPath, resolve('bin/emqxee-agent.js'), 'run', '--home', this.home];
    const [command = '', ...args] = [...(this.options.launcher ?? []), ...program];
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', LANG: 'C', ...thrift, ...this.options.env },
    });
    this.child = child;
    this.status = undefined;
    createInterface({ input: child.stderr }).on('line', (line) => this.log.push(logLine(line)));
    void this.watch(child);
    if (!this.ecp) await this.register();
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  }

  /** Ends it for good, and its ECP. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await this.ecp?.stop();
  }

  private get control() {
    return agentControl(join(this.home, 'run/control.sock'));
  }

  private async register(): Promise<void> {
    const { directory, sink, metadata = {}, dashboardUrl = 'http://127.0.0.1:1' } = this.options;
    const ecp = await startEcpStandIn();
    this.ecp = ecp;
    const elasticsearch = { username: 'logs', password: 'log-secret', indexName: 'emqx', ...sink };
    ecp.metadata = { ...ecp.metadata, elasticsearch, ...metadata };
    const account = { username: 'admin', password: 'public' };
    const request = { url: ecp.url, registrationToken, dashboardUrl, ...account, logDir: directory };
    for (const { child } = this; child === this.child && !ended(child); await sleep(20)) {
      // Nobody listens at first.
      if (await this.control.register(request)) return;
    }
    throw new Error(`the agent does not start: ${JSON.stringify(this.log)}`);
  }

  private async watch(child: ChildProcess): Promise<void> {
    for (; child === this.child && !ended(child); await sleep(askMs)) {
      const seen = await this.control.status().catch(() => undefined);
      // One that is gone meanwhile has no figures; what another one answered is not this one's.
      if (seen?.pid !== child.pid || child !== this.child) continue;
      const kernel = kernelFigures(child.pid ?? 0);
      if (!seen || !kernel) continue;
      this.status = { ...logFigures(seen), ...kernel, parts: seen.parts };
      this.peakRss = Math.max(this.peakRss, kernel.peakRss);
    }
  }
}

const ended = (child: ChildProcess | undefined): boolean =>
  child === undefined || child.exitCode !== null || child.signalCode !== null;

function logLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 'stderr', part: '', message: line };
  }
}

function logFigures(seen: AgentStatus) {
  const { state = 'off', reason } = seen.parts.find(({ name }) => name === 'logs') ?? {};
  const { files = [], ...counts } = seen.logs ?? { delivered: 0, retried: 0, dead: 0, lost: 0, lostBytes: 0 };
  const unread = files.reduce((sum, file) => sum + Math.max(0, file.size - file.acknowledged), 0);
  return { state, reason, ...counts, files: files.length, unread };
}

/** Linux alone says them of another process; elsewhere they are 0. */
function kernelFigures(pid: number): { rss: number; peakRss: number; fds: number } | undefined {
  if (process.platform !== 'linux') return { rss: 0, peakRss: 0, fds: 0 };
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
    return { rss: bytes('VmRSS'), peakRss: bytes('VmHWM'), fds: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}
