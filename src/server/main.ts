import type { KeyObject } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import { AlarmEngine } from './alarms/engine.ts';
import { Post } from './alarms/post.ts';
import { runDueBackups } from './domain/backup-plan.ts';
import { firstStart } from './domain/first-start.ts';
import { cleanUp } from './domain/housekeeping.ts';
import { loadSecret, makeKeys } from './domain/keys.ts';
import { readLicenseKey } from './domain/license-file.ts';
import { Tasks } from './domain/tasks.ts';
import type { World } from './domain/world.ts';
import { agentFiles, serveAgentFiles } from './http/agent-files.ts';
import { closeApp, makeApp } from './http/app.ts';
import type { Route } from './http/router.ts';
import { makeRouter } from './http/router.ts';
import { accountRoutes } from './http/routes/account.ts';
import { agentRoutes } from './http/routes/agents.ts';
import { alarmRoutes } from './http/routes/alarms.ts';
import { auditRoutes } from './http/routes/audit.ts';
import { backupRoutes } from './http/routes/backups.ts';
import { bulkRoutes } from './http/routes/bulk.ts';
import { channelRoutes } from './http/routes/channel.ts';
import { clusterRoutes } from './http/routes/clusters.ts';
import { configurationRoutes } from './http/routes/configuration.ts';
import { deploymentRoutes } from './http/routes/deployments.ts';
import { licenseRoutes } from './http/routes/license.ts';
import { logRoutes } from './http/routes/logs.ts';
import { monitorRoutes } from './http/routes/monitor.ts';
import { scopeRoutes } from './http/routes/scopes.ts';
import { stateRoutes } from './http/routes/state.ts';
import { userRoutes } from './http/routes/users.ts';
import { openElasticLog } from './logs/elastic/store.ts';
import { PlatformLog } from './logs/platform.ts';
import { Quota } from './logs/quota.ts';
import type { LogStore, OwnLog } from './logs/store.ts';
import { openLogStore, retentionDefaults } from './logs/store.ts';
import { Monitor } from './monitor/monitor.ts';
import type { Endpoint, ServerOptions } from './options.ts';
import { ManagedProvider } from './providers/managed.ts';
import { SimulatedProvider } from './providers/simulated.ts';
import { openStore } from './store/open.ts';
import { makeChannel } from './tunnel/channel.ts';
import { makeLimits } from './tunnel/limits.ts';
import { openTunnel, reachable } from './tunnel/open.ts';

export { tokenLives } from './domain/sessions.ts';
export type { ServerOptions } from './options.ts';
export { parseFaults } from './providers/faults.ts';

export interface RunningServer {
  readonly url: string;
  readonly mqttUrl: string;
  /** Every operation of the API that is served, with what it needs. */
  readonly routes: readonly Route[];
  /** Ends everything that runs and leaves the state as the last answer said. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded server and resolves once it takes calls. Failures: `state_damaged`, `unusable_path` for an address
 * that is in use or a directory that is, `invalid_value` for a password that is none.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { clock, dataDirectory } = options;
  const platform = new PlatformLog(options.log, clock.now);
  const { log } = platform;
  // What is open already is closed again in the opposite order, also when a later step of the start fails.
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const store = await openStore(dataDirectory);
    closers.push(() => store.close());
    const retention = { ...retentionDefaults, ...options.logRetention };
    const engine = options.elasticsearch;
    const ownLog = engine ? undefined : await openLogStore({ directory: dataDirectory, retention });
    const logs: LogStore = engine
      ? await openElasticLog({ target: engine, retention: options.logRetention ?? {}, clock, tell: log })
      : (ownLog as OwnLog);
    closers.push(() => logs.close());

    const made = await firstStart(store.db, clock.now(), options.adminPassword);
    if (made !== undefined) options.onPassword(made);

    const settings = { ...options, url: '', mqttUrl: '', licenseKey: keyFrom(options.licenseKey) };
    const keys = makeKeys(await loadSecret(store.db));
    const world: World = { db: store.db, clock, startedAt: clock.now(), keys, settings, log };

    const monitor = new Monitor(world);
    const { tunnel, url: mqttUrl } = await listening(options.mqtt, () =>
      openTunnel(world, options.mqtt, {
        onTelemetry: (agentId, message) => void monitor.take(agentId, message),
        onPresence: (agentId, present) => present || monitor.forget(agentId),
      }),
    );
    closers.push(() => tunnel.close());
    const channel = makeChannel(world, tunnel);
    const providers = {
      hosted: new SimulatedProvider(clock, options.faults, options.simulatedMs),
      managed: new ManagedProvider(makeLimits(world, channel, options.emqx4LimitPath ?? '/api/v4/dynamic_license')),
    };
    const tasks = new Tasks(world, providers, (clusterId, agentIds) => {
      for (const agentId of agentIds) tunnel.drop(agentId);
      logs.dropCluster(clusterId).catch((error: unknown) => log('error', reasonOf(error)));
    });
    closers.push(() => tasks.stop());

    const app = makeApp(world);
    closers.push(() => closeApp(app));
    const { on, routes } = makeRouter(app, world, options);
    const files = agentFiles(options.agentsDirectory);
    const gone = (agentId: number) => tunnel.drop(agentId);
    accountRoutes(on, world);
    scopeRoutes(on, world);
    deploymentRoutes(on, world, tasks);
    clusterRoutes(on, world, files, gone);
    agentRoutes(on, world, gone, logs.intake);
    userRoutes(on, world);
    licenseRoutes(on, world);
    configurationRoutes(on, world);
    auditRoutes(on, world);
    stateRoutes(on, world, store);
    backupRoutes(on, world, tasks);
    logRoutes(on, world, logs, platform);
    monitorRoutes(on, app, world, monitor, logs);
    alarmRoutes(on, world);
    serveAgentFiles(app, options.agentsDirectory, files);
    await channelRoutes(app, world, channel);
    if (ownLog) await bulkRoutes(app, world, ownLog, new Quota(clock, options.logQuota ?? Number.POSITIVE_INFINITY));

    const httpPort = await listening(options.http, async () => {
      await app.listen(options.http);
      return (app.server.address() as AddressInfo).port;
    });
    settings.url = options.advertiseUrl?.replace(/\/+$/, '') ?? `http://${reachable(options.http.host)}:${httpPort}`;
    settings.mqttUrl = options.advertiseMqtt ?? mqttUrl;
    await tasks.resume();
    const alarms = new AlarmEngine(world, monitor.telemetries);
    const post = new Post(world);
    closers.push(every(clock, 1000, () => post.deliver(), log));
    closers.push(async () => post.stop());
    closers.push(every(clock, alarmLookMs, () => alarms.look(clock.now()), log));
    // What was collected since the last time is written at the end, too.
    closers.push(() => monitor.history.flush(clock.now()));
    closers.push(every(clock, 10_000, () => monitor.history.flush(clock.now()), log));
    closers.push(every(clock, retainMs, async () => logs.retain?.(clock.now()), log));
    closers.push(every(clock, 3_600_000, () => cleanUp(world, clock.now()), log));
    closers.push(every(clock, 30_000, () => runDueBackups(world, tasks, clock.now()), log));
    return {
      url: `http://${reachable(options.http.host)}:${httpPort}`,
      mqttUrl,
      routes,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How often a search engine is asked to delete what is too much. */
const retainMs = 600_000;
/** How often the state of everything is compared with the alarms. */
const alarmLookMs = 2000;

/** Does the work now and again until it is told to end; a failure is told and does not end it. */
function every(clock: Clock, ms: number, work: () => Promise<void>, log: World['log']): () => Promise<void> {
  const stop = new AbortController();
  const turning = (async () => {
    while (!stop.signal.aborted) {
      await work().catch((error: unknown) => log('error', reasonOf(error)));
      await clock.sleep(ms, stop.signal).catch(() => {});
    }
  })();
  return async () => {
    stop.abort();
    await turning;
  };
}

function keyFrom(pem: string | undefined): KeyObject | undefined {
  try {
    return pem === undefined ? undefined : readLicenseKey(pem);
  } catch (error) {
    throw new Failure('invalid_value', { name: '--license-key', reason: reasonOf(error) }, { cause: error });
  }
}

async function listening<T>(at: Endpoint | { readonly url: string }, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = inUse ? 'the address is in use' : reasonOf(error);
    const path = 'url' in at ? at.url : `${at.host}:${at.port}`;
    throw new Failure('unusable_path', { path, reason }, { cause: error });
  }
}
