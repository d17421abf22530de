import { systemClock } from '../../../src/core/clock.ts';
import type { Tunnel } from '../../../src/server/tunnel/tunnel.ts';
import { startTunnel } from '../../../src/server/tunnel/tunnel.ts';
import { UsersFile } from '../../../src/server/tunnel/users-file.ts';
import { startBroker } from '../../stand-ins/broker.ts';
import { hasMosquitto, mosquitto } from './mosquitto.ts';

/** A tunnel for the agents 1 and 2, whose passwords are `secret-1` and `secret-2`. */
export interface Line {
  readonly tunnel: Tunnel;
  /** Where agents connect. */
  readonly url: string;
  /** What the server said of its broker. */
  readonly lines: readonly string[];
  readonly telemetry: readonly (readonly [number, string])[];
  /** Resolves once the agent is known to be there. */
  ready(agentId: number): Promise<void>;
  close(): Promise<void>;
}

const agentIds = [1, 2];

function ready(tunnel: Tunnel) {
  return async (agentId: number) => {
    for (let turn = 0; !tunnel.isConnected(agentId); turn++) {
      if (turn > 20) throw new Error(`agent ${agentId} is not there`);
      await tunnel.look([agentId]);
    }
  };
}

export async function embedded(): Promise<Line> {
  const telemetry: [number, string][] = [];
  const tunnel = await startTunnel({
    host: '127.0.0.1',
    port: 0,
    admit: async (name, password) => agentIds.find((id) => name === `agent-${id}` && password === `secret-${id}`),
    onTelemetry: (agentId, message) => telemetry.push([agentId, message.toString()]),
  });
  const close = () => tunnel.close();
  return { tunnel, url: `mqtt://127.0.0.1:${tunnel.port}`, lines: [], telemetry, ready: ready(tunnel), close };
}

/** Over a broker of others at `url`. */
export async function over(url: string, usersFile?: string, close = async () => {}): Promise<Line> {
  const lines: string[] = [];
  const telemetry: [number, string][] = [];
  const file = usersFile === undefined ? undefined : new UsersFile(usersFile, (_, line) => lines.push(line));
  const name = 'ecp';
  const password = 'the password of the server';
  const tunnel = await startTunnel({
    uplink: { url, username: name, password, ca: undefined },
    clock: systemClock,
    // Back as soon as can be.
    random: () => 0.2,
    log: (level, message) => lines.push(`${level} ${message}`),
    agents: async () => agentIds,
    onAgents: (ids) =>
      file?.update([{ name, password }, ...ids.map((id) => ({ name: `agent-${id}`, password: `secret-${id}` }))]),
    onTelemetry: (agentId, message) => telemetry.push([agentId, message.toString()]),
  });
  return {
    tunnel,
    url,
    lines,
    telemetry,
    ready: ready(tunnel),
    async close() {
      await tunnel.close();
      await close();
    },
  };
}

/** A broker that admits everybody and knows no rights. */
export async function overAedes(): Promise<Line> {
  const broker = await startBroker();
  return over(broker.url, undefined, () => broker.stop());
}

export async function overMosquitto(): Promise<Line> {
  const broker = await mosquitto();
  // Its users are there before it is asked for the first time.
  new UsersFile(broker.usersFile, () => {}).update([
    { name: 'ecp', password: 'the password of the server' },
    ...agentIds.map((id) => ({ name: `agent-${id}`, password: `secret-${id}` })),
  ]);
  broker.reload();
  return over(broker.url, undefined, () => broker.close());
}

export const carriers: (readonly [string, () => Promise<Line>])[] = [
  ['the embedded broker', embedded],
  ['a broker of others', overAedes],
  ...(hasMosquitto ? ([['mosquitto', overMosquitto]] as const) : []),
];
