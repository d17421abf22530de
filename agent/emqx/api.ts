import type {
  TelemetryAlarm,
  TelemetryLicense,
  TelemetryListener,
  TelemetryNode,
  TelemetryResource,
  TelemetryRule,
  TelemetryTraffic,
} from '../../src/contract/telemetry.ts';

/** The cluster as one node tells of it. */
export interface ClusterView {
  readonly name: string | undefined;
  /** Undefined where EMQX does not say which node answers. */
  readonly self: string | undefined;
  readonly nodes: readonly TelemetryNode[];
  readonly edition: 'enterprise' | 'opensource' | undefined;
  /** Of the node that answers, absolute. */
  readonly logDirectory: string | undefined;
}

export interface TrafficView {
  readonly traffic: TelemetryTraffic;
  /** Under EMQX's own names, for the whole cluster. */
  readonly stats: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * EMQX as the agent needs it, the same for both generations. Everything throws `EmqxError`; undefined means that this
 * release has no such thing.
 */
export interface EmqxApi {
  readonly generation: 4 | 5;
  cluster(signal: AbortSignal): Promise<ClusterView>;
  traffic(signal: AbortSignal): Promise<TrafficView>;
  alarms(signal: AbortSignal): Promise<TelemetryAlarm[] | undefined>;
  rules(signal: AbortSignal): Promise<TelemetryRule[] | undefined>;
  connectors(signal: AbortSignal): Promise<TelemetryResource[] | undefined>;
  actions(signal: AbortSignal): Promise<TelemetryResource[] | undefined>;
  listeners(signal: AbortSignal): Promise<TelemetryListener[] | undefined>;
  license(signal: AbortSignal): Promise<TelemetryLicense | undefined>;
}
