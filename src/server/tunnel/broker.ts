import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Client } from 'aedes';
import { Aedes } from 'aedes';
import { tunnelLimits } from '../../contract/frames.ts';
import { reasonOf } from '../../core/errors.ts';
import { sameText } from '../domain/keys.ts';
import type { World } from '../domain/world.ts';
import { agentIdOf, agentTopics } from './names.ts';

export interface Broker {
  /** Sends one message to an agent; resolves when the broker has taken it. */
  send(agentId: number, payload: Buffer): Promise<void>;
  /** Called with what agents send on their reply and telemetry topics. */
  onMessage(listener: (agentId: number, kind: 'reply' | 'telemetry', payload: Buffer) => void): void;
  isConnected(agentId: number): boolean;
  /** Ends the connections of an agent that is no longer one. */
  disconnect(agentId: number): void;
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

const refused = { wrong: 4, identifier: 2 } as const;
/** Nobody needs more than this to say who they are. */
const greetingLimit = 64 * 1024;

/** An MQTT 3.1.1 broker for agents alone: own credentials, and only the agent's own topics. */
export async function makeBroker(world: World): Promise<Broker> {
  const { db, keys } = world;
  const agents = new Map<Client, number>();
  const listeners: Parameters<Broker['onMessage']>[0][] = [];
  const sockets = new Set<Socket>();

  const aedes = await Aedes.createBroker({
    concurrency: 1000,
    queueLimit: 100,
    maxClientsIdLength: 128,
    authenticate: (client, userName, password, done) => {
      authenticate(client, userName ?? '', password?.toString() ?? '').then(
        (code) =>
          code === 0 ? done(null, true) : done(Object.assign(new Error('refused'), { returnCode: code }), false),
        (error: unknown) => {
          world.log('error', `MQTT: ${reasonOf(error)}`);
          done(Object.assign(new Error('unavailable'), { returnCode: 3 }), false);
        },
      );
    },
    authorizePublish: (client, packet, done) => {
      const agentId = client ? agents.get(client) : undefined;
      const topics = agentId === undefined ? undefined : agentTopics(agentId);
      const mine = packet.topic === topics?.reply || packet.topic === topics?.telemetry;
      if (client && (!mine || packet.payload.length > tunnelLimits.frame)) return done(new Error('not allowed'));
      // Nobody else may read it, so nothing is to be kept for later readers.
      packet.retain = false;
      return done(null);
    },
    authorizeSubscribe: (client, subscription, done) => {
      const agentId = agents.get(client);
      const mine = agentId !== undefined && subscription.topic === agentTopics(agentId).request;
      // null answers 128 to this one topic and leaves the connection.
      done(null, mine ? subscription : null);
    },
  });

  async function authenticate(client: Client, userName: string, password: string): Promise<number> {
    const agentId = agentIdOf(userName);
    if (agentId === undefined || !sameText(password, keys.mqttPassword(agentId))) return refused.wrong;
    const agent = await db.selectFrom('agents').select('id').where('id', '=', agentId).executeTakeFirst();
    if (!agent) return refused.wrong;
    // A client id that is in use takes the place of the other: only its own agent may do that.
    for (const [other, id] of agents) if (other.id === client.id && id !== agentId) return refused.identifier;
    agents.set(client, agentId);
    return 0;
  }

  aedes.on('clientDisconnect', (client) => agents.delete(client));
  aedes.on('connectionError', (client) => agents.delete(client));
  aedes.on('clientError', (client, error) => {
    if (!agents.has(client)) return;
    world.log('warning', `MQTT client ${client.id}: ${reasonOf(error)}`);
  });
  aedes.on('publish', (packet, client) => {
    const agentId = client ? agents.get(client) : undefined;
    if (agentId === undefined) return;
    const kind = packet.topic === agentTopics(agentId).reply ? 'reply' : 'telemetry';
    for (const listener of listeners) listener(agentId, kind, Buffer.from(packet.payload));
  });

  const server = createServer((socket) => {
    // Without it each QoS 1 round trip waits for the delayed acknowledgement of the other side.
    socket.setNoDelay(true);
    sockets.add(socket);
    const client = aedes.handle(socket);
    const guard = setInterval(() => {
      if (agents.has(client)) clearInterval(guard);
      else if (socket.bytesRead > greetingLimit) socket.destroy();
    }, 100);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(guard);
      sockets.delete(socket);
      agents.delete(client);
    });
  });
  server.maxConnections = 10_000;

  return {
    send: (agentId, payload) =>
      new Promise((resolve, reject) => {
        const packet = {
          cmd: 'publish' as const,
          topic: agentTopics(agentId).request,
          payload,
          qos: 1 as const,
          dup: false,
          retain: false,
        };
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    onMessage: (listener) => {
      listeners.push(listener);
    },
    isConnected: (agentId) => [...agents.values()].includes(agentId),
    disconnect: (agentId) => {
      for (const [client, id] of agents) if (id === agentId) client.close();
    },
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const address = server.address();
          resolve(typeof address === 'object' && address ? address.port : port);
        });
      }),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      if (server.listening || sockets.size > 0) await closed;
    },
  };
}
