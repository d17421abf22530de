import type { Clock } from '../../src/core/clock.ts';
import { reasonOf } from '../../src/core/errors.ts';
import { backoffDelay } from '../../src/core/retry.ts';
import { encodeTelemetry } from '../emqx/telemetry.ts';
import type { EmqxGateway } from '../emqx/types.ts';
import type { Logger } from '../part.ts';
import { type Connection, connect, type Timings, usualTimings } from './connection.ts';
import { createExchanges, type Exchanges } from './exchanges.ts';
import type { Tunnel, TunnelSettings, TunnelStatus } from './types.ts';

export interface TunnelDeps {
  readonly gateway: EmqxGateway;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly timings?: Timings;
}

const backoff = { base: 500, cap: 30_000 };
/** A connection that held this long, in milliseconds, counts as good: the next wait starts from the beginning. */
const steadyMs = 30_000;

/** How long the broker may take to see us off, milliseconds. */
const farewellMs = 500;

/** One set of settings at work. */
interface Round {
  readonly settings: TunnelSettings;
  /** Set while connected. */
  live: { readonly connection: Connection; readonly exchanges: Exchanges } | undefined;
  stop(graceMs: number): Promise<void>;
}

/** Connects to ECP's broker, stays connected, and carries requests to EMQX. */
export function createTunnel({ gateway, clock, logger, random, timings = usualTimings }: TunnelDeps): Tunnel {
  let wanted: TunnelSettings | undefined;
  let round: Round | undefined;
  let changing: Promise<void> = Promise.resolve();
  let servedBefore = 0;
  let shown: Omit<TunnelStatus, 'inFlight' | 'served'> = { state: 'off', since: clock.now() };

  function show(state: TunnelStatus['state'], reason?: string): void {
    const now = clock.now();
    const lastSuccess = state === 'healthy' ? now : shown.lastSuccess;
    if (reason !== undefined && reason !== shown.reason) logger.warn(reason);
    if (state === 'healthy') logger.info('connected to the MQTT broker of ECP');
    shown = {
      state,
      since: state === shown.state ? shown.since : now,
      ...(reason !== undefined && { reason }),
      ...(lastSuccess !== undefined && { lastSuccess }),
    };
  }

  function begin(settings: TunnelSettings): Round {
    const ended = new AbortController();
    const { signal } = ended;

    async function hold(): Promise<void> {
      let connection: Connection | undefined;
      // First the receiver, then the connection: a request may follow the subscription in the same packet.
      const send = (frame: Buffer) => connection?.reply(frame);
      const exchanges = createExchanges({ gateway, send, sleep: clock.sleep }, logger);
      connection = await connect(settings, timings, exchanges.receive, signal);
      own.live = { connection, exchanges };
      show('healthy');
      const error = await connection.gone;
      own.live = undefined;
      exchanges.cut('The agent has lost its connection to the MQTT broker');
      servedBefore += exchanges.served;
      throw error;
    }

    async function keep(): Promise<void> {
      for (let attempt = 0; !signal.aborted; attempt++) {
        const at = clock.monotonic();
        try {
          await hold();
        } catch (error) {
          if (signal.aborted) return;
          show('failing', reasonOf(error));
        }
        if (clock.monotonic() - at >= steadyMs) attempt = 0;
        await clock.sleep(backoffDelay(attempt, backoff, random), signal);
      }
    }

    const done = keep().catch((error: unknown) => {
      if (!signal.aborted) logger.error('the tunnel ended', { reason: reasonOf(error) });
    });
    const own: Round = {
      settings,
      live: undefined,
      async stop(graceMs) {
        const { live } = own;
        const seeingOff = Math.min(graceMs, farewellMs);
        await live?.exchanges.drain(graceMs - seeingOff);
        ended.abort(new Error('stopped'));
        await live?.connection.end(seeingOff);
        await done;
      },
    };
    return own;
  }

  return {
    name: 'tunnel',
    apply(settings) {
      if (same(settings, wanted)) return;
      wanted = settings;
      shown = { state: settings ? 'starting' : 'off', since: clock.now() };
      // One after the other: the broker would end the old connection for the new one with the same client id.
      changing = changing.then(async () => {
        if (same(round?.settings, wanted)) return;
        await round?.stop(farewellMs);
        round = wanted && begin(wanted);
      });
    },
    status: () => ({
      ...shown,
      inFlight: round?.live?.exchanges.inFlight ?? 0,
      served: servedBefore + (round?.live?.exchanges.served ?? 0),
    }),
    offer(telemetry) {
      const topic = round?.settings.telemetryTopic;
      const { connection } = round?.live ?? {};
      const message = topic !== undefined && connection && encodeTelemetry(telemetry);
      if (message) connection.offer(topic, message);
    },
    async stop(graceMs) {
      wanted = undefined;
      await changing;
      await round?.stop(graceMs);
      round = undefined;
      shown = { state: 'off', since: clock.now() };
    },
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
