import type { Client } from 'aedes';
import { Aedes } from 'aedes';
import type { Carrier, CarrierEvents } from './carrier.ts';
import { longestMessage } from './carrier.ts';
import type { ListenOptions } from './listen.ts';
import { listen } from './listen.ts';
import { agentTopics, readTopic } from './names.ts';
import { limitPackets } from './packet-limit.ts';

export interface BrokerOptions extends CarrierEvents, Pick<ListenOptions, 'host' | 'port' | 'tls'> {
  /** The registered agent that these credentials belong to. */
  readonly admit: (userName: string, password: string) => Promise<number | undefined>;
}

/** The longest message, and its topic. */
const maxPacket = longestMessage + 1024;
const handshakeMs = 10_000;

/**
 * The embedded broker (MQTT 3.1.1). Only agents connect, and an agent reaches its own three topics and nothing else: it
 * may listen to requests, and publish replies and telemetry, its last will included. What it sends never passes to
 * another client, so one agent cannot speak to another by any name.
 */
export async function startBroker(options: BrokerOptions): Promise<Carrier & { readonly port: number }> {
  /** Agents that listen to their requests, with the connection they do it on. */
  const present = new Map<number, Client>();
  const agents = new WeakMap<Client, number>();

  const aedes = new Aedes({
    connectTimeout: handshakeMs,
    maxTopicLevels: 8,
    preConnect(_, packet, done) {
      // The name that counts is the one that will be proven: no client can push another out by its id. Nothing is kept
      // for those who are away: a request carried out minutes later would be worse than one that failed.
      packet.clientId = packet.username ?? '';
      packet.clean = true;
      done(null, true);
    },
    authenticate(client, userName, password, done) {
      options.admit(userName ?? '', password?.toString() ?? '').then(
        (agentId) => {
          if (agentId === undefined) return done(refusal(4, 'bad user name or password'), false);
          agents.set(client, agentId);
          done(null, true);
        },
        () => done(refusal(3, 'the server cannot check it now'), false),
      );
    },
    authorizeSubscribe(client, subscription, done) {
      const agentId = agents.get(client);
      const own = agentId !== undefined && subscription.topic === agentTopics(agentId).request;
      done(null, own ? subscription : null);
    },
    authorizePublish(client, packet, done) {
      const topic = readTopic(packet.topic);
      if (!client || !topic || topic.agentId !== agents.get(client) || packet.retain) {
        return done(new Error('this topic is not open to you'));
      }
      done(null);
    },
    published(packet, client, done) {
      if (client && Buffer.isBuffer(packet.payload)) {
        const topic = readTopic(packet.topic);
        if (topic?.kind === 'reply') options.onReply(topic.agentId, packet.payload);
        if (topic?.kind === 'telemetry') options.onTelemetry(topic.agentId, packet.payload);
      }
      done(null);
    },
  });
  aedes.on('subscribe', (granted, client) => {
    const agentId = agents.get(client);
    if (agentId === undefined || client.closed || present.get(agentId) === client) return;
    const { request } = agentTopics(agentId);
    if (!granted.some(({ topic, qos }) => topic === request && qos <= 2)) return;
    present.set(agentId, client);
    options.onPresence(agentId, true);
  });
  aedes.on('clientDisconnect', (client) => {
    const agentId = agents.get(client);
    if (agentId === undefined || present.get(agentId) !== client) return;
    present.delete(agentId);
    options.onPresence(agentId, false);
  });
  await aedes.listen();
  const listener = await listen({ ...options, maxMessage: maxPacket, firstByteMs: handshakeMs }, (stream) => {
    limitPackets(stream, maxPacket);
    aedes.handle(stream);
  });

  return {
    port: listener.port,
    trouble: () => undefined,
    isConnected: (agentId) => present.has(agentId),
    // Whoever is there has subscribed, and that was seen.
    look: async () => {},
    send(agentId, payload) {
      // Straight to the one client: the broker's own queue is shared, and an agent that stops reading would hold it up.
      present
        .get(agentId)
        ?.publish(
          { cmd: 'publish', topic: agentTopics(agentId).request, payload, qos: 1, retain: false, dup: false },
          () => {},
        );
    },
    drop: (agentId) => present.get(agentId)?.close(),
    async close() {
      await listener.close();
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

/** `returnCode`: MQTT 3.1.1, table 3.1. */
function refusal(returnCode: 3 | 4, message: string): Error & { returnCode: number } {
  return Object.assign(new Error(message), { returnCode });
}
