import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogSettings } from '../../agent/logs/types.ts';

export interface ProcessStatus {
  readonly state: string;
  readonly reason?: string;
  readonly delivered: number;
  readonly dead: number;
  readonly retried: number;
  readonly files: number;
  readonly lost: number;
  readonly lostBytes: number;
  readonly unread: number;
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly fds: number;
  readonly cpu: { readonly user: number; readonly system: number };
}

/** The shipper's process: can be killed and started again over the same state. */
export class AgentProcess {
  status: ProcessStatus | undefined;
  readonly log: { level: string; message: string; fields?: Record<string, unknown> }[] = [];
  peakRss = 0;
  private child: ChildProcess | undefined;
  private readonly harness: string;
  private readonly config: string;
  private readonly write: (settings: LogSettings) => void;
  private settings: LogSettings;

  constructor(bundles: string, root: string, settings: LogSettings, stateDirectory: string) {
    this.harness = join(bundles, 'harness.mjs');
    this.config = join(root, 'config.json');
    this.write = (changed) => writeFileSync(this.config, JSON.stringify({ stateDirectory, settings: changed }));
    this.settings = settings;
    this.write(settings);
  }

  /** Changes the settings for the next start. */
  change(change: (settings: LogSettings) => LogSettings): void {
    this.settings = change(this.settings);
    this.write(this.settings);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    const child = spawn(process.execPath, [this.harness, this.config], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    // A killed process leaves its pipe broken; what was meant for it is of no use any more.
    child.stdin.on('error', () => undefined);
    this.status = undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { kind, value } = JSON.parse(line) as { kind: string; value: unknown };
      if (kind === 'log') this.log.push(value as (typeof this.log)[0]);
      if (kind !== 'status') return;
      this.status = value as ProcessStatus;
      this.peakRss = Math.max(this.peakRss, this.status.rss);
    });
  }

  /** Shifts the process's wall clock. */
  setClock(ms: number): void {
    this.child?.stdin?.write(`${JSON.stringify({ clock: ms })}\n`);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}
