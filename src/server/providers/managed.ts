import type { Job, Outcome, Provider } from './provider.ts';

/** How a managed cluster's EMQX is told how many connections it may take. */
export interface ConnectionLimits {
  /** Sets the limit; 0 gives the connections back. Throws with the reason when EMQX did not take it. */
  set(clusterId: string, connections: number, signal: AbortSignal): Promise<void>;
}

/** Changes of managed clusters: EMQX is somebody else's, so there is little that is done to it. */
export class ManagedProvider implements Provider {
  readonly #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  async perform(job: Job, report: Parameters<Provider['perform']>[1], signal: AbortSignal): Promise<Outcome> {
    const { cluster, operation, reserved } = job;
    if (operation === 'connections') {
      await report({ step: 0, steps: 1, text: 'telling EMQX its limit' });
      await this.#limits.set(cluster.id, reserved, signal);
    }
    if (operation === 'delete' && reserved > 0) {
      await report({ step: 0, steps: 2, text: 'giving the connections back' });
      await this.#limits.set(cluster.id, 0, signal);
    }
    return { replicas: 0, addresses: [] };
  }
}
