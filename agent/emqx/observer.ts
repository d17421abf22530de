import type { Telemetry } from '../../src/contract/telemetry.ts';
import type { Clock } from '../../src/core/clock.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { Logger } from '../part.ts';
import { createGateway } from './gateway.ts';
import { createHttp } from './http.ts';
import { createLink, type Link } from './link.ts';
import { createLook, nothing } from './look.ts';
import { createFigures } from './telemetry.ts';
import type { EmqxObserver, EmqxSettings, EmqxStatus, Observation } from './types.ts';

export interface ObserverDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The agent's own UUID, for telemetry. */
  readonly agentId: string;
}

/** One set of settings at work. */
interface Round {
  readonly settings: EmqxSettings;
  readonly link: Link;
  readonly stop: () => Promise<void>;
}

/** Looks at EMQX every interval and keeps what it saw; trouble is a sentence in the observation, never thrown. */
export function createEmqxObserver({ clock, logger, agentId }: ObserverDeps): EmqxObserver {
  let round: Round | undefined;
  let status: EmqxStatus = { state: 'off', since: clock.now(), observation: nothing };
  let telemetry: Telemetry | undefined;
  const listeners = new Set<(observation: Observation) => void>();

  function publish(observation: Observation): void {
    const reason = observation.nodeConnectError || observation.clusterFetchError || observation.metricsFetchError;
    const state = reason === '' ? 'healthy' : 'failing';
    const now = clock.now();
    if (reason !== '' && reason !== status.reason) logger.warn(reason);
    if (state === 'healthy' && status.state !== 'healthy') {
      logger.info('EMQX is observed', { version: observation.version, self: observation.self });
    }
    for (const notice of observation.notices) {
      if (!status.observation.notices.includes(notice)) logger.warn(notice);
    }
    const lastSuccess = state === 'healthy' ? now : status.lastSuccess;
    status = {
      state,
      since: state === status.state ? status.since : now,
      ...(reason !== '' && { reason }),
      ...(lastSuccess !== undefined && { lastSuccess }),
      observation,
    };
    for (const listener of listeners) listener(observation);
  }

  function begin(settings: EmqxSettings): Round {
    const ended = new AbortController();
    const link = createLink(settings, clock);
    // The exporter is another program: EMQX's CA and credentials are none of its business.
    const http = settings.exporterUrl === undefined ? undefined : createHttp({ ca: undefined, insecure: false }, clock);
    const look = createLook(link, createFigures(http && { http, url: settings.exporterUrl ?? '' }));
    const done = (async () => {
      while (!ended.signal.aborted) {
        const seen = await look(ended.signal);
        if (ended.signal.aborted) return;
        telemetry = seen.telemetry(agentId, clock.now());
        publish(seen.observation);
        await clock.sleep(settings.intervalMs, ended.signal);
      }
    })().catch((error: unknown) => {
      if (!ended.signal.aborted) logger.error('the observation of EMQX ended', { reason: reasonOf(error) });
    });
    return {
      settings,
      link,
      async stop() {
        ended.abort(new Error('stopped'));
        await Promise.all([link.close(), http?.close()]);
        await done;
      },
    };
  }

  return {
    name: 'emqx',
    gateway: createGateway(() => round?.link),
    telemetry: () => telemetry,
    status: () => status,
    onLook(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    apply(settings) {
      if (JSON.stringify(settings) === JSON.stringify(round?.settings)) return;
      void round?.stop();
      telemetry = undefined;
      status = { state: settings ? 'starting' : 'off', since: clock.now(), observation: nothing };
      round = settings && begin(settings);
    },
    async stop() {
      const last = round;
      round = undefined;
      await last?.stop();
    },
  };
}
