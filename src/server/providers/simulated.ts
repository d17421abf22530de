import { createHash } from 'node:crypto';
import type { Address, NetworkType } from '../../contract/deployments.ts';
import type { TaskType } from '../../contract/states.ts';
import { protocols } from '../../contract/states.ts';
import type { Clock } from '../../core/clock.ts';
import type { Fault, Faults } from './faults.ts';
import type { HostedSpec, Job, Outcome, Provider } from './provider.ts';

/** A provider without machines: it takes the time and fails as it is told, and keeps nothing beside the server's state. */
export class SimulatedProvider implements Provider {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #durationMs: number;
  /** Operations that failed once already, by cluster. */
  readonly #failed = new Set<string>();

  constructor(clock: Clock, faults: Faults, durationMs: number) {
    this.#clock = clock;
    this.#faults = faults;
    this.#durationMs = durationMs;
  }

  async perform(job: Job, report: Parameters<Provider['perform']>[1], signal: AbortSignal): Promise<Outcome> {
    const fault: Fault = { ...this.#faults['*'], ...this.#faults[job.operation] };
    const steps = stepsOf(job);
    const duration = fault.durationMs ?? this.#durationMs;
    for (let step = job.step; step < steps.length; step++) {
      const text = steps[step]?.text ?? '';
      await this.#clock.sleep(duration / steps.length, signal);
      if (fault.outcome === 'hang')
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      if (step >= Math.floor(steps.length / 2)) this.#failIfTold(job, fault);
      await report({ step: step + 1, steps: steps.length, text, ...steps[step]?.running });
    }
    const down = fault.outcome === 'degrade' && job.spec.replicas > 1 ? 1 : 0;
    return {
      replicas: job.operation === 'stop' || job.operation === 'delete' ? 0 : job.spec.replicas - down,
      addresses: addressesOf(job.cluster, job.spec),
      ...(down > 0 && { degraded: `node ${job.spec.replicas} of ${job.spec.replicas} does not come up (simulated)` }),
      ...(job.operation === 'backup' && { backup: backupOf(job) }),
    };
  }

  #failIfTold(job: Job, { outcome }: Fault): void {
    const key = `${job.cluster.id}/${job.operation}`;
    if (outcome !== 'fail' && (outcome !== 'fail-once' || this.#failed.has(key))) return;
    this.#failed.add(key);
    throw new Error(`${job.operation} was told to fail (simulated)`);
  }
}

interface Step {
  readonly text: string;
  readonly running?: { readonly replicas: number };
}

function stepsOf({ operation, spec }: Job): Step[] {
  const each = (verb: string, running: (node: number) => number): Step[] =>
    Array.from({ length: spec.replicas }, (_, index) => ({
      text: `${verb} node ${index + 1} of ${spec.replicas}`,
      running: { replicas: running(index + 1) },
    }));
  const plans: Partial<Record<TaskType, () => Step[]>> = {
    create: () => [{ text: 'preparing storage and network' }, ...each('starting', (node) => node)],
    start: () => each('starting', (node) => node),
    repair: () => each('repairing', (node) => node),
    stop: () => each('stopping', (node) => spec.replicas - node),
    delete: () => [...each('stopping', (node) => spec.replicas - node), { text: 'removing storage and network' }],
    backup: () => [{ text: 'saving' }],
    scale: () => [{ text: 'changing the number of nodes' }, { text: 'joining the cluster' }],
    network: () => [{ text: 'changing the service' }, { text: 'waiting for addresses' }],
  };
  return plans[operation]?.() ?? each('updating', () => spec.replicas);
}

/** Addresses of the networks set aside for documentation (RFC 5737), the same for a cluster each time. */
function addressesOf(cluster: Job['cluster'], { network }: HostedSpec): Address[] {
  const chance = createHash('sha256').update(cluster.id).digest();
  const chosen =
    network.ports.length > 0
      ? network.ports
      : protocols.map(({ name, port }) => ({ name, external: port, internal: port }));
  const hosts: Record<NetworkType, string> = {
    ClusterIP: `emqx-listeners.${cluster.namespace}.svc.cluster.local`,
    NodePort: '192.0.2.10',
    LoadBalancer: `198.51.100.${1 + ((chance[2] ?? 0) % 254)}`,
  };
  const nodePort = (index: number) => 30_000 + ((chance.readUInt16BE(0) + index) % 2768);
  return chosen.map(({ name, external, internal }, index) => ({
    protocol: protocols.find((row) => row.name === name)?.label ?? name,
    host: hosts[network.type],
    port:
      network.type === 'ClusterIP'
        ? internal
        : network.type === 'NodePort' && external < 30_000
          ? nodePort(index)
          : external,
  }));
}

function backupOf({ cluster, spec }: Job): Uint8Array {
  return Buffer.from(
    `${JSON.stringify({ format: 'simulated-emqx-backup/1', cluster: cluster.name, spec }, null, 2)}\n`,
  );
}
