import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../src/core/errors.ts';
import type { Part } from '../part.ts';
import { DeadLetterFile } from './deadletter.ts';
import { Delivery } from './deliver.ts';
import { distanceOf, oldestUnread } from './distance.ts';
import { Pipeline } from './pipeline.ts';
import type { LogDeps, LogFileStatus, LogSettings, LogStatus } from './types.ts';

/** A flush at the end takes no longer, whatever the caller would allow. */
const stopLimit = 10_000;

/** Name of the dead-letter file inside the state directory. */
export const deadLetterName = 'deadletter.ndjson';

/** The log shipper of the agent. */
export function createLogShipper(deps: LogDeps): Part<LogSettings, LogStatus> {
  return new LogShipper(deps);
}

class LogShipper implements Part<LogSettings, LogStatus> {
  readonly name = 'logs';
  private readonly deps: LogDeps;
  private settings: LogSettings | undefined;
  private delivery: Delivery | undefined;
  private pipeline: Pipeline | undefined;
  private failure: string | undefined;
  /** Starts and stops of pipelines, one after the other. */
  private turns: Promise<void> = Promise.resolve();
  private stopped = false;
  private state: LogStatus['state'] = 'off';
  private since: number;

  constructor(deps: LogDeps) {
    this.deps = deps;
    this.since = deps.clock.now();
  }

  apply(settings: LogSettings | undefined): void {
    const before = this.settings;
    if (this.stopped || JSON.stringify(before) === JSON.stringify(settings)) return;
    this.settings = settings;
    if (before && settings && this.pipeline && lasting(before) === lasting(settings)) {
      this.delivery?.configure(settings.target, settings.gzip, settings.fields);
      this.pipeline.rename(settings);
      return;
    }
    this.turn(async () => {
      await this.end(0);
      if (settings && settings === this.settings) await this.begin(settings);
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    this.settings = undefined;
    this.turn(() => this.end(Math.min(graceMs, stopLimit)));
    await this.turns;
  }

  status(): LogStatus {
    const { clock } = this.deps;
    const reason =
      this.failure ?? this.pipeline?.trouble ?? this.delivery?.trouble ?? this.pipeline?.checkpoint.trouble;
    const state = this.stateNow(reason);
    if (state !== this.state) this.since = clock.now();
    this.state = state;
    const sets = [...(this.pipeline?.sets.values() ?? [])];
    const losses = sets.map((set) => set.losses);
    return {
      state,
      since: this.since,
      ...(state === 'failing' && reason !== undefined ? { reason } : {}),
      ...(this.delivery?.lastSuccess === undefined ? {} : { lastSuccess: this.delivery.lastSuccess }),
      delivered: this.delivery?.delivered ?? 0,
      retried: this.delivery?.retried ?? 0,
      dead: this.delivery?.dead ?? 0,
      lost: losses.reduce((sum, loss) => sum + loss.records, 0),
      lostBytes: losses.reduce((sum, loss) => sum + loss.bytes, 0),
      files: this.files(),
    };
  }

  private stateNow(reason: string | undefined): LogStatus['state'] {
    if (!this.settings) return 'off';
    if (reason !== undefined) return 'failing';
    return this.pipeline ? 'healthy' : 'starting';
  }

  private files(): LogFileStatus[] {
    const files: LogFileStatus[] = [];
    for (const set of this.pipeline?.sets.values() ?? []) {
      const oldest = oldestUnread(set);
      for (const file of set.generations) {
        if (file.retired) continue;
        const distance = file === oldest ? distanceOf(set, file) : undefined;
        files.push({ set: set.name, path: file.path, size: file.size, acknowledged: file.acked, distance });
      }
    }
    return files;
  }

  private turn(work: () => Promise<void>): void {
    this.turns = this.turns.then(work).catch((error: unknown) => {
      this.failure = reasonOf(error);
      this.deps.logger.error('the log shipper cannot work', { reason: this.failure });
    });
  }

  private async begin(settings: LogSettings): Promise<void> {
    const { clock, logger, random, stateDirectory } = this.deps;
    this.failure = undefined;
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const deadLetters = new DeadLetterFile(join(stateDirectory, deadLetterName));
    const delivery = new Delivery(
      { clock, random, logger, deadLetters },
      settings.target,
      settings.gzip,
      settings.fields,
    );
    const pipeline = new Pipeline(settings, this.deps, delivery);
    await pipeline.start();
    this.delivery = delivery;
    this.pipeline = pipeline;
    // What came while the pipeline was being started.
    const now = this.settings;
    if (now && now !== settings && lasting(now) === lasting(settings)) {
      delivery.configure(now.target, now.gzip, now.fields);
      pipeline.rename(now);
    }
  }

  private async end(graceMs: number): Promise<void> {
    const { delivery, pipeline } = this;
    await pipeline?.stop(graceMs);
    await delivery?.destroy();
    this.pipeline = undefined;
    if (!this.stopped) this.delivery = undefined;
  }
}

/** The settings that cannot change under a running pipeline. */
function lasting(settings: LogSettings): string {
  const { directory, include, exclude, clusterId, agentId, fields, redact } = settings;
  return JSON.stringify([directory, include, exclude, clusterId, agentId, fields, redact]);
}
