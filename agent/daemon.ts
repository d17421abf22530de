import type { Server } from 'node:http';
import type { Writable } from 'node:stream';
import { Value } from '@sinclair/typebox/value';
import { Metadata, type Report } from '../src/contract/agent.ts';
import type { RegisterAnswer, RegisterRequest, UnregisterAnswer, UnregisterRequest } from '../src/contract/control.ts';
import { type Clock, systemClock } from '../src/core/clock.ts';
import { Failure, reasonOf } from '../src/core/errors.ts';
import { version } from '../src/core/version.ts';
import { ConfigFile } from './config/config-file.ts';
import type { Home } from './config/home.ts';
import type { AgentConfig } from './config/load.ts';
import { type PartSettings, settingsFrom } from './config/settings.ts';
import { type Registration, StateStore } from './config/state.ts';
import { connectEcp } from './ecp/connect.ts';
import { draftReport, newsOf } from './ecp/draft.ts';
import { join, leave } from './ecp/membership.ts';
import { statusOf } from './health/status.ts';
import { createTidy } from './health/tidy.ts';
import type { Logger } from './part.ts';
import { createParts, type Parts } from './parts.ts';
import { closeServer, listenOnLoopback, listenOnSocket } from './service/control-server.ts';
import { AgentLog } from './service/log.ts';
import { claimPidFile } from './service/pidfile.ts';
import { Secrets } from './service/secrets.ts';
import type { Watchdog } from './service/watchdog.ts';

export interface DaemonOptions {
  readonly home: Home;
  /** Where lines go while agent.yaml does not say `mode`. */
  readonly defaultMode: 'file' | 'console';
  readonly console: Writable;
  /** Aborts when the daemon is to stop. */
  readonly signal: AbortSignal;
  readonly watchdog: Watchdog;
  readonly clock?: Clock;
}

/** How often agent.yaml is looked at and settings are computed anew, in milliseconds. */
const tickMs = 2000;
/** What parts get to flush when the daemon stops; systemd waits longer than that. */
const graceMs = 10_000;

/** The running agent: parts that live as long as it does, under settings that come and go. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #secrets = new Secrets();
  readonly #configFile: ConfigFile;
  readonly #nodeId: string;
  readonly #startedAt: number;
  readonly #ownLog: AgentLog;
  readonly #log: Logger;
  readonly #parts: Parts;
  #config: AgentConfig;
  #registration: Registration | undefined;
  #metadata: Metadata | undefined;
  #settings: PartSettings;
  #health: { readonly server: Server; readonly at: string } | undefined;
  #healthTrouble: string | undefined;
  /** The news that ECP was last told. */
  #told = '';
  /** Registrations and reloads, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: DaemonOptions, configFile: ConfigFile, config: AgentConfig) {
    const { home, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#configFile = configFile;
    this.#config = config;
    this.#state = new StateStore(home);
    this.#nodeId = this.#state.nodeId();
    this.#registration = this.#state.registration();
    this.#keepSecrets();
    this.#metadata = this.#cachedMetadata();
    try {
      this.#ownLog = new AgentLog(this.#loggerConfig(), home.root, options.console, this.#secrets);
    } catch (error) {
      throw new Failure('unusable_path', { path: config.logger.file, reason: reasonOf(error) });
    }
    this.#log = this.#ownLog.for('agent');
    this.#parts = createParts({
      home,
      nodeId: this.#nodeId,
      clock,
      random: Math.random,
      logger: (part) => this.#ownLog.for(part),
      report: () => this.#report(),
      received: (metadata) => this.#received(metadata),
    });
    this.#settings = this.#derive();
  }

  /** Runs until the signal aborts. Throws what keeps it from starting: `config_invalid`, `already_running` and others. */
  static async run(options: DaemonOptions): Promise<void> {
    const { home } = options;
    const configFile = new ConfigFile(home);
    const config = await configFile.load();
    const release = claimPidFile(home.pidFile, home.root);
    try {
      const daemon = new Daemon(options, configFile, config);
      await daemon.#run();
    } finally {
      release();
    }
  }

  async #run(): Promise<void> {
    const { home, signal, watchdog } = this.#options;
    const controls = {
      status: () => this.status(),
      register: (request: RegisterRequest) => this.#inTurn(() => this.#register(request)),
      unregister: (request: UnregisterRequest) => this.#inTurn(() => this.#unregister(request)),
    };
    const control = await listenOnSocket(home.socket, home.root, controls);
    const reload = () => void this.#inTurn(() => this.#reload());
    // One part's slip must not take the others down; what is really broken shows in its status.
    const slip = (error: unknown) => this.#log.error('unexpected', { reason: reasonOf(error) });
    process.on('SIGHUP', reload).on('unhandledRejection', slip);
    try {
      await this.#listenForHealth();
      this.#log.info('started', { version, pid: process.pid, nodeId: this.#nodeId, home: home.root });
      this.#parts.emqx.onLook(() => this.#apply());
      this.#apply();
      await watchdog.ready();
      await this.#turn(signal);
      this.#log.info('stopping');
    } finally {
      process.off('SIGHUP', reload).off('unhandledRejection', slip);
      await watchdog.stopping();
      await Promise.all([
        ...Object.values(this.#parts).map((part) => part.stop(graceMs)),
        closeServer(control),
        this.#health && closeServer(this.#health.server),
      ]);
      this.#log.info('stopped');
      this.#ownLog.close();
    }
  }

  /** The daemon's own loop: notices a changed agent.yaml, follows what the parts saw, and proves that it turns. */
  async #turn(signal: AbortSignal): Promise<void> {
    const tidy = createTidy();
    while (!signal.aborted) {
      this.#options.watchdog.turned();
      if (this.#configFile.changed()) await this.#inTurn(() => this.#reload());
      this.#apply();
      const broken = [this.#parts.tunnel, this.#parts.logs].some((part) => part.status().state === 'failing');
      // Credentials that ECP has changed meanwhile look like a broken tunnel or log storage from here.
      if (broken) this.#parts.report.refreshMetadata();
      if (newsOf(this.#draft()) !== this.#told) this.#parts.report.reportSoon();
      const { logs, tunnel } = this.#parts;
      tidy(logs.status().delivered + tunnel.status().served, this.#clock.monotonic());
      await this.#clock.sleep(tickMs, signal).catch(() => undefined);
    }
  }

  status() {
    return statusOf({
      parts: this.#parts,
      nodeId: this.#nodeId,
      startedAt: this.#startedAt,
      registration: this.#registration,
      clusterId: this.#metadata?.clusterId,
      logsWait: this.#settings.logsWait,
      configTrouble: this.#configFile.trouble ?? this.#healthTrouble,
      configSince: this.#configFile.since,
      redact: (text) => this.#secrets.redact(text),
    });
  }

  async #register(request: RegisterRequest): Promise<RegisterAnswer> {
    this.#secrets.add(request.registrationToken);
    this.#secrets.add(request.password, request.username);
    this.#secrets.add(request.apiSecret, request.apiKey);
    return join(request, {
      ...this.#membership(),
      joined: (registration, metadata) => {
        this.#registration = registration;
        this.#metadata = metadata;
        this.#keepSecrets();
        this.#apply();
        this.#log.info('registered', { url: registration.url, clusterId: metadata?.clusterId });
      },
    });
  }

  async #unregister({ force = false }: UnregisterRequest): Promise<UnregisterAnswer> {
    const answer = await leave({ force }, this.#membership());
    this.#registration = undefined;
    this.#metadata = undefined;
    this.#apply();
    if (answer.wasRegistered) this.#log.info('unregistered');
    return answer;
  }

  #membership() {
    return {
      state: this.#state,
      connect: connectEcp,
      config: this.#config,
      now: () => this.#clock.now(),
      log: this.#log,
    };
  }

  async #reload(): Promise<void> {
    try {
      const config = await this.#configFile.load();
      this.#ownLog.configure({ ...config.logger, mode: config.logger.mode ?? this.#options.defaultMode });
      this.#config = config;
      await this.#listenForHealth();
      this.#apply();
      this.#log.info('settings reloaded');
    } catch (error) {
      this.#configFile.trouble = reasonOf(error);
      this.#log.error('settings not reloaded, the former ones stay', { reason: reasonOf(error) });
    }
  }

  /** Opens, moves or closes the TCP listener. A port that is taken is a sentence in the status, not an end. */
  async #listenForHealth(): Promise<void> {
    const wanted = this.#config.health;
    const at = wanted ? `${wanted.host}:${wanted.port}` : '';
    if (this.#health?.at === at) return;
    if (this.#health) await closeServer(this.#health.server);
    this.#health = undefined;
    this.#healthTrouble = undefined;
    if (!wanted) return;
    try {
      this.#health = { server: await listenOnLoopback(wanted, { status: () => this.status() }), at };
    } catch (error) {
      this.#healthTrouble = `cannot listen on ${at} (agent.health.listen): ${reasonOf(error)}`;
      this.#log.error(this.#healthTrouble);
    }
  }

  #received(metadata: Metadata): void {
    const registration = this.#registration;
    if (!registration) return;
    this.#metadata = metadata;
    this.#keepSecrets();
    try {
      this.#state.saveMetadata(registration, metadata);
    } catch (error) {
      // Only a restart while ECP is down would miss it.
      this.#log.warn('metadata not kept', { reason: reasonOf(error) });
    }
    this.#apply();
  }

  #cachedMetadata(): Metadata | undefined {
    const cached = this.#registration && this.#state.metadata(this.#registration);
    return Value.Check(Metadata, cached) ? cached : undefined;
  }

  #keepSecrets(): void {
    const { emqx, token } = this.#registration ?? {};
    this.#secrets.add(token);
    this.#secrets.add(emqx?.password, emqx?.username);
    this.#secrets.add(emqx?.apiSecret, emqx?.apiKey);
    const { elasticsearch, mqtt } = this.#metadata ?? {};
    this.#secrets.add(elasticsearch?.password, elasticsearch?.username);
    this.#secrets.add(mqtt?.password, mqtt?.username);
  }

  #apply(): void {
    this.#settings = this.#derive();
    const { report, emqx, tunnel, logs } = this.#settings;
    this.#parts.report.apply(report);
    this.#parts.emqx.apply(emqx);
    this.#parts.tunnel.apply(tunnel);
    this.#parts.logs.apply(logs);
  }

  #derive(): PartSettings {
    const { observation } = this.#parts.emqx.status();
    return settingsFrom({
      config: this.#config,
      registration: this.#registration,
      metadata: this.#metadata,
      observation,
      nodeId: this.#nodeId,
      agentVersion: version,
    });
  }

  #report(): Report {
    const report = this.#draft();
    this.#told = newsOf(report);
    return report;
  }

  #draft(): Report {
    return draftReport({
      parts: this.#parts,
      nodeId: this.#nodeId,
      logsWait: this.#settings.logsWait,
      redact: (text) => this.#secrets.redact(text),
    });
  }

  #loggerConfig(): AgentConfig['logger'] {
    return { ...this.#config.logger, mode: this.#config.logger.mode ?? this.#options.defaultMode };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work, work);
    this.#queue = next.catch(() => undefined);
    return next;
  }
}
