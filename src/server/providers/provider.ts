import type { Address, NetworkPort, NetworkType } from '../../contract/deployments.ts';
import type { ClusterStatus, TaskType } from '../../contract/states.ts';

/** What a hosted cluster is to be. */
export interface HostedSpec {
  readonly image: string;
  readonly replicas: number;
  /** Name of a quota, the specification of a node. */
  readonly resourceLimit: string;
  readonly connectLimit: number;
  readonly network: HostedNetwork;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly nodeAntiAffinity: boolean;
  readonly labels: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logType: string;
  readonly crtType: number;
}

export interface HostedNetwork {
  readonly type: NetworkType;
  readonly ports: readonly NetworkPort[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly loadBalancerClass: string;
}

/** One change to bring about. It may come again after a crash: whoever performs it must be able to take it up. */
export interface Job {
  readonly operation: TaskType;
  readonly cluster: { readonly id: string; readonly name: string; readonly namespace: string };
  /** What it is to be afterwards; for `delete` and `stop` what it was. */
  readonly spec: HostedSpec;
  /** Certificates and EMQX license by form field. */
  readonly files: Readonly<Record<string, string>>;
  /** For `restore`, and a `create` that begins with one: the bytes of the backup. */
  readonly backup: Uint8Array | undefined;
  /** For managed clusters: connections they may use; 0 takes the limit away. */
  readonly reserved: number;
  /** Steps that were reported as done in an earlier life. */
  readonly step: number;
}

export interface Progress {
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** For people: what is going on. */
  readonly text: string;
  /** Nodes that run now, where it is known. */
  readonly replicas?: number;
}

export interface Outcome {
  readonly replicas: number;
  readonly addresses: readonly Address[];
  /** Why the cluster is usable but not whole. */
  readonly degraded?: string;
  /** For `backup`: its bytes. */
  readonly backup?: Uint8Array;
}

/** Whoever runs clusters: brings a change about and tells how far it is. A thrown error's message is the cause of failure. */
export interface Provider {
  perform(job: Job, report: (progress: Progress) => Promise<void>, signal: AbortSignal): Promise<Outcome>;
}

/** States a cluster passes through while an operation runs, and the one it ends in (ecp.md section 5). */
export const courses: Readonly<
  Record<TaskType, { readonly during: readonly ClusterStatus[]; readonly after: ClusterStatus | undefined }>
> = {
  create: { during: ['creating', 'updating'], after: 'running' },
  delete: { during: ['stopping'], after: undefined },
  start: { during: ['starting'], after: 'running' },
  stop: { during: ['stopping'], after: 'stopped' },
  scale: { during: ['updating', 'syncing'], after: 'running' },
  vertical: { during: ['updating', 'syncing'], after: 'running' },
  network: { during: ['updating', 'syncing'], after: 'running' },
  connections: { during: ['updating', 'syncing'], after: 'running' },
  image: { during: ['updating', 'syncing'], after: 'running' },
  license: { during: ['updating'], after: 'running' },
  certificates: { during: ['updating'], after: 'running' },
  repair: { during: ['updating'], after: 'running' },
  backup: { during: [], after: undefined },
  restore: { during: ['updating'], after: 'running' },
};
