import { afterEach } from 'vitest';
import type { EmqxObserver } from '../../../agent/emqx/types.ts';
import { createTunnel } from '../../../agent/tunnel/tunnel.ts';
import type { Tunnel, TunnelSettings } from '../../../agent/tunnel/types.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { type Broker, type BrokerOptions, startBroker } from '../../stand-ins/broker.ts';
import type { Knobs } from '../../stand-ins/emqx/knobs.ts';
import type { EmqxStandIn, StartOptions } from '../../stand-ins/emqx/server.ts';
import { emqx, fastClock, type Line, memoryLogger, watch } from '../emqx/rig.ts';
import { settingsFor } from '../emqx/settings.ts';
import { type Requester, startRequester } from './requester.ts';
import { topics, tunnelSettings } from './settings.ts';

export { topics, tunnelSettings };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (ends.length > 0) await ends.pop()?.();
});
export const atEnd = (end: () => Promise<unknown>) => void ends.push(end);

export async function broker(options?: BrokerOptions): Promise<Broker> {
  const started = await startBroker(options);
  atEnd(() => started.stop());
  return started;
}

export interface Started {
  readonly tunnel: Tunnel;
  readonly lines: Line[];
}

type Deps = Parameters<typeof createTunnel>[0];

/** By default the tunnel reconnects at once: the draw of its jitter is always 0. */
export function startTunnel(
  settings: TunnelSettings | undefined,
  gateway: Deps['gateway'],
  { timings = { connectMs: 2000, keepaliveS: 10 }, clock = systemClock, random = () => 0 }: Partial<Deps> = {},
): Started {
  const logger = memoryLogger();
  const tunnel = createTunnel({ gateway, clock, logger, random, timings });
  atEnd(() => tunnel.stop(0));
  tunnel.apply(settings);
  return { tunnel, lines: logger.lines };
}

export async function until(what: () => boolean, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!what()) {
    if (Date.now() > end) throw new Error(`not seen in ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An observer that has looked once, in real time, and found all well. */
export async function looked(node: { dashboardUrl: string; apiUrl: string }): Promise<EmqxObserver> {
  const { observer, next } = watch(settingsFor(node, { intervalMs: 600_000 }), fastClock(1));
  const seen = await next();
  if (seen.nodeConnectError !== '') throw new Error(seen.nodeConnectError);
  return observer;
}

export interface WholeLine extends Started {
  readonly node: EmqxStandIn;
  readonly broker: Broker;
  readonly requester: Requester;
}

/** EMQX, observer, broker, tunnel and requester, connected. */
export async function wholeLine(
  knobs: Partial<Knobs> = {},
  handle?: StartOptions['handle'],
  options: BrokerOptions = {},
): Promise<WholeLine> {
  const node = await emqx(knobs, handle && { handle });
  const between = await broker(options);
  const observer = await looked(node);
  const started = startTunnel(tunnelSettings(between.url), observer.gateway);
  const requester = await startRequester(between.url, topics);
  atEnd(() => requester.end());
  await until(() => started.tunnel.status().state === 'healthy');
  return { ...started, node, broker: between, requester };
}
