import { hostname } from 'node:os';
import { Failure, reasonOf } from '../../core/errors.ts';
import type { World } from '../domain/world.ts';
import type { EmbeddedBroker, ExternalBroker } from '../options.ts';
import type { CarrierEvents } from './carrier.ts';
import { agentBehind } from './credentials.ts';
import { agentUserName } from './names.ts';
import type { Tunnel } from './tunnel.ts';
import { startTunnel } from './tunnel.ts';
import { UsersFile } from './users-file.ts';

type Events = Pick<CarrierEvents, 'onTelemetry' | 'onPresence'>;

export interface OpenTunnel {
  readonly tunnel: Tunnel;
  /** Where the broker is, as this server sees it. */
  readonly url: string;
}

/** Starts the tunnel over the embedded broker, or over the one that was named. */
export async function openTunnel(
  world: World,
  broker: EmbeddedBroker | ExternalBroker,
  events: Events,
): Promise<OpenTunnel> {
  if ('url' in broker) return { tunnel: await overExternal(world, broker, events), url: broker.url };
  const tunnel = await startTunnel({
    ...broker,
    ...events,
    admit: async (name, password) => (await agentBehind(world, 'mqtt', name, password))?.id,
  });
  return { tunnel, url: `mqtt${broker.tls ? 's' : ''}://${reachable(broker.host)}:${tunnel.port}` };
}

async function overExternal(world: World, broker: ExternalBroker, events: Events): Promise<Tunnel> {
  const { db, clock, keys, log } = world;
  const { usersFile, username = '', password = '' } = broker;
  const agents = async () => (await db.selectFrom('agents').select('id').orderBy('id').execute()).map(({ id }) => id);
  const users = (ids: readonly number[]) => [
    { name: username, password },
    ...ids.map((id) => ({ name: agentUserName(id), password: keys.mqttPassword(id) })),
  ];
  const file = usersFile === undefined ? undefined : new UsersFile(usersFile, log);
  try {
    file?.write(users(await agents()));
  } catch (cause) {
    throw new Failure('unusable_path', { path: usersFile ?? '', reason: reasonOf(cause) }, { cause });
  }
  return startTunnel({
    ...events,
    uplink: broker,
    clock,
    random: Math.random,
    log,
    agents,
    onAgents: (ids) => file?.update(users(ids)),
  });
}

/** A name for where it listens: "everywhere" is no address that others could call. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}
