import { reasonOf } from '../../core/errors.ts';
import type { World } from '../domain/world.ts';
import { History } from './history.ts';
import { readTelemetry, Telemetries } from './telemetry.ts';

/** What agents tell of their EMQX: the last word of each, and the past. */
export class Monitor {
  readonly telemetries: Telemetries;
  readonly history: History;
  readonly #world: World;
  readonly #warned = new Set<number>();

  constructor(world: World) {
    this.#world = world;
    // Three may be missed, as with the heartbeat; the agent sends both as often by default.
    this.telemetries = new Telemetries(3.5 * world.settings.heartbeatMs);
    this.history = new History(world.db);
  }

  /** Takes a telemetry message; never throws. */
  async take(agentId: number, message: Uint8Array): Promise<void> {
    const { db, clock, log } = this.#world;
    try {
      const telemetry = readTelemetry(message);
      if (!telemetry) {
        // Once for each agent: the next one comes in ten seconds.
        if (!this.#warned.has(agentId)) log('warning', `agent ${agentId} sends telemetry that cannot be read`);
        this.#warned.add(agentId);
        return;
      }
      const agent = await db.selectFrom('agents').select('cluster_id').where('id', '=', agentId).executeTakeFirst();
      if (!agent) return;
      const now = clock.now();
      this.telemetries.take({ agentId, clusterId: agent.cluster_id, at: now, telemetry });
      this.history.take(agent.cluster_id, now, telemetry);
    } catch (error) {
      log('error', `telemetry of agent ${agentId}: ${reasonOf(error)}`);
    }
  }

  /** An agent has gone. */
  forget(agentId: number): void {
    this.telemetries.forget(agentId);
    this.#warned.delete(agentId);
  }
}
