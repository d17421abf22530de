import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogShipper } from '../../../agent/logs/shipper.ts';
import type { LogSettings, LogStatus } from '../../../agent/logs/types.ts';
import type { Logger, Part } from '../../../agent/part.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Sink, type SinkOptions } from '../../stand-ins/sink/sink.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** A shipper with its directories, its log and a sink, all real but in this process. */
export class Rig {
  readonly root = mkdtempSync(join(tmpdir(), 'logs-'));
  readonly directory = join(this.root, 'log');
  readonly state = join(this.root, 'state');
  readonly log: LogLine[] = [];
  readonly sink: Sink;
  shipper: Part<LogSettings, LogStatus> | undefined;

  constructor(options: SinkOptions = {}) {
    this.sink = new Sink({ keep: true, ...options });
    mkdirSync(this.directory);
  }

  settings(changes: Partial<LogSettings> = {}): LogSettings {
    return {
      directory: this.directory,
      include: [],
      exclude: [],
      clusterId: 'cluster1',
      agentId: '0b8e9a52-0000-4000-8000-000000000001',
      agentVersion: '0.1.0',
      nodeName: 'emqx@127.0.0.1',
      target: {
        urls: [this.sink.url],
        username: 'logs',
        password: 'secret',
        index: 'emqx',
        ca: undefined,
        insecure: false,
      },
      fields: {},
      redact: [],
      gzip: false,
      ...changes,
    };
  }

  start(changes: Partial<LogSettings> = {}): Part<LogSettings, LogStatus> {
    const note = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      this.log.push({ level, message, fields });
    };
    const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
    this.shipper = createLogShipper({ stateDirectory: this.state, logger, clock: systemClock, random: Math.random });
    this.shipper.apply(this.settings(changes));
    return this.shipper;
  }

  async stop(graceMs = 3000): Promise<void> {
    await this.shipper?.stop(graceMs);
    this.shipper = undefined;
  }

  async end(): Promise<void> {
    await this.stop(0);
    await this.sink.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  messages(): string[] {
    return this.sink.kept.map(({ document }) => String(document.message));
  }

  /** Waits for so many documents. */
  async arrived(count: number): Promise<void> {
    const { oracle } = this.sink;
    const state = () => `${oracle.documents} of ${count}; ${JSON.stringify(this.shipper?.status())}`;
    await until(() => oracle.documents >= count, state);
  }
}

/** Runs a test body with a rig of its own, so that tests can run side by side. */
export async function withRig(body: (rig: Rig) => Promise<void>, options: SinkOptions = {}): Promise<void> {
  const rig = new Rig(options);
  await rig.sink.start();
  try {
    await body(rig);
  } finally {
    await rig.end();
  }
}

/** Waits until `done` answers true, asked every `everyMs`; throws what `what` says after `limitMs`. */
export async function until(done: () => boolean, what: () => string, limitMs = 15_000, everyMs = 15): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
