import { TunnelError } from '../../contract/frames.ts';
import { Failure } from '../../core/errors.ts';
import { viewAgent } from '../domain/agents.ts';
import type { World } from '../domain/world.ts';
import type { AgentRow } from '../store/schema.ts';
import type { Tunnel, TunnelAnswer, TunnelRequest } from './tunnel.ts';

/** Calls EMQX's own API of a cluster, through whichever agent can. */
export type Channel = (clusterId: string, request: TunnelRequest, signal: AbortSignal) => Promise<TunnelAnswer>;

/**
 * Agents are tried from the healthiest on. Another one gets the request only where the first has surely not carried it
 * out: it was not there, it refused for being busy; or, for a call that only reads, its connection was cut.
 */
export function makeChannel(
  world: World,
  tunnel: Pick<Tunnel, 'trouble' | 'isConnected' | 'look' | 'request'>,
): Channel {
  return async (clusterId, request, signal) => {
    const agents = await world.db.selectFrom('agents').selectAll().where('cluster_id', '=', clusterId).execute();
    const present = () =>
      sorted(
        world,
        agents.filter(({ id }) => tunnel.isConnected(id)),
      );
    let connected = present();
    if (connected.length === 0 && agents.length > 0 && tunnel.trouble() === undefined) {
      await tunnel.look(agents.map(({ id }) => id));
      connected = present();
    }
    const trouble = tunnel.trouble();
    if (connected.length === 0 || trouble !== undefined) throw nobody(agents.length, trouble);
    for (const [at, { id }] of connected.entries()) {
      try {
        return await tunnel.request(id, request, signal);
      } catch (error) {
        const last = at === connected.length - 1;
        if (last || signal.aborted || !(error instanceof TunnelError) || !mayRepeat(error, request))
          throw toFailure(error);
      }
    }
    throw nobody(agents.length, undefined);
  };
}

function sorted(world: World, agents: readonly AgentRow[]): AgentRow[] {
  const { clock, startedAt, settings } = world;
  const trouble = (agent: AgentRow) =>
    viewAgent(agent, clock.now(), startedAt, settings.heartbeatMs).state === 'running' ? 0 : 1;
  return [...agents].sort((a, b) => trouble(a) - trouble(b) || b.reported_at - a.reported_at);
}

function mayRepeat({ code }: TunnelError, { method, body }: TunnelRequest): boolean {
  // A stream is read once, by whoever got it.
  if (body !== undefined && !(body instanceof Uint8Array)) return false;
  const readsOnly = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  return code === 'busy' || (readsOnly && (code === 'cut' || code === 'emqx'));
}

function nobody(agents: number, trouble: string | undefined): Failure {
  const reason =
    agents === 0
      ? 'no agent is registered'
      : (trouble ?? 'no agent of the cluster is connected: see ecpctl agent list');
  return new Failure('not_available', { what: 'EMQX', reason });
}

/** What a caller over HTTP is told of a failure in the tunnel. */
function toFailure(error: unknown): unknown {
  if (!(error instanceof TunnelError)) return error;
  const { code, message } = error;
  const reason = { reason: `${code}: ${message}` };
  switch (code) {
    case 'busy':
      return new Failure('failed', reason, { status: 503 });
    case 'deadline':
      return new Failure('failed', reason, { status: 504 });
    case 'refused':
      return new Failure('refused', { reason: message }, { status: 400 });
    default:
      return new Failure('failed', reason, { status: 502 });
  }
}
