import { connectionId, frameKinds, hello, tunnelVersion } from '../../contract/frames.ts';
import { telemetryBytes } from '../../contract/telemetry.ts';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import { agentTopics, fromAgents, readTopic } from './names.ts';
import { RollCall } from './roll-call.ts';
import type { UplinkSettings } from './uplink.ts';
import { Uplink } from './uplink.ts';

export interface ExternalOptions extends CarrierEvents {
  readonly uplink: UplinkSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (level: 'info' | 'error', message: string) => void;
  /** The agents that are registered now. */
  readonly agents: () => Promise<readonly number[]>;
  /** Told of them again and again, also while there is no connection. */
  readonly onAgents?: ((agentIds: readonly number[]) => void) | undefined;
  /** Everything that was under way is cut by the loss of our own connection. */
  readonly onDown: () => void;
}

/** How often the list of agents is looked at, in milliseconds. */
const turnMs = 1000;

/**
 * A broker of others. It must admit us and the agents, and keep each agent to its own topics (docs/tunnel.md): what
 * comes on a topic is taken to be from the agent that the topic names. Resolves when the broker has been tried once; one
 * that cannot be reached is tried again for as long as the server runs.
 */
export async function startExternal(options: ExternalOptions): Promise<Carrier> {
  const { clock, log, onReply, onTelemetry, onDown } = options;
  const end = new AbortController();
  const ask = (agentId: number) => uplink.send(agentTopics(agentId).request, hello, 0);
  const roll = new RollCall({ clock, ask, onPresence: options.onPresence });

  const turn = async (): Promise<void> => {
    try {
      const agentIds = await options.agents();
      roll.register(agentIds);
      options.onAgents?.(agentIds);
    } catch (error) {
      log('error', reasonOf(error));
    }
    if (uplink.trouble === undefined) roll.turn();
  };

  const take = (topic: string, payload: Buffer): void => {
    const from = readTopic(topic);
    if (!from) return;
    if (from.kind === 'reply' && isFarewell(payload)) {
      roll.left(from.agentId);
      return;
    }
    if (!roll.heard(from.agentId)) return;
    if (from.kind === 'telemetry') {
      if (payload.length <= telemetryBytes) onTelemetry(from.agentId, payload);
      return;
    }
    onReply(from.agentId, payload);
  };

  const uplink = new Uplink({
    ...options.uplink,
    clock,
    random: options.random,
    log,
    // Telemetry may be lost, and must not stand in the way of answers.
    filters: { [fromAgents.reply]: 1, [fromAgents.telemetry]: 0 },
    onMessage: take,
    onUp: () => roll.turn(),
    onDown: () => {
      onDown();
      roll.lost();
    },
  });
  await turn();
  await uplink.tried;
  const turning = (async () => {
    while (!end.signal.aborted) {
      await clock.sleep(turnMs, end.signal).catch(() => {});
      if (!end.signal.aborted) await turn();
    }
  })();

  return {
    trouble: () => {
      const { trouble } = uplink;
      return trouble === undefined ? undefined : `the MQTT broker ${options.uplink.url} cannot be used: ${trouble}`;
    },
    isConnected: (agentId) => roll.isPresent(agentId),
    look: (agentIds) => roll.look(agentIds),
    send: (agentId, message) => uplink.send(agentTopics(agentId).request, message, 1),
    // The broker lets it go once it has our new list of users; until then nobody listens to it.
    drop: (agentId) => roll.forget(agentId),
    async close() {
      end.abort();
      await turning;
      await uplink.close();
    },
  };
}

const everything = Buffer.from(connectionId, 'hex');

/** An `error` frame with the id of 16 zero bytes: the agent has gone, or is about to. */
function isFarewell(frame: Buffer): boolean {
  return frame[0] === tunnelVersion && frame[1] === frameKinds.error && frame.subarray(2, 18).equals(everything);
}
