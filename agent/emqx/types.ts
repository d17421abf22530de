import type { Telemetry } from '../../src/contract/telemetry.ts';
import type { Part, PartStatus } from '../part.ts';

/** How to reach EMQX; from `register` and agent.yaml. */
export interface EmqxSettings {
  readonly dashboardUrl: string;
  readonly apiUrl: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly apiKey: string | undefined;
  readonly apiSecret: string | undefined;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  /** How often EMQX is looked at, milliseconds (agent.yaml `agent.monitoring.interval`). */
  readonly intervalMs: number;
  /** A Prometheus exporter to scrape (agent.yaml `agent.monitoring.exporter_url`). */
  readonly exporterUrl: string | undefined;
}

/** One node as a report to ECP carries it (contract: ecp.md section 3). */
export interface ClusterNode {
  readonly node: string;
  readonly version: string;
  readonly status: string;
  /** Milliseconds. */
  readonly uptime: number;
}

/** What was last seen of EMQX; each error is a sentence for an operator, empty when all is well. */
export interface Observation {
  readonly nodes: readonly ClusterNode[];
  /** The node this agent sits next to. */
  readonly self: string | undefined;
  readonly generation: 4 | 5 | undefined;
  readonly version: string | undefined;
  readonly edition: 'enterprise' | 'opensource' | undefined;
  readonly logDirectory: string | undefined;
  readonly dashboardEnabled: boolean;
  readonly nodeConnectError: string;
  readonly clusterFetchError: string;
  readonly metricsFetchError: string;
  /** What an operator should know although nothing fails, such as a user that may only look. */
  readonly notices: readonly string[];
}

export interface EmqxStatus extends PartStatus {
  readonly observation: Observation;
}

/** Looks at EMQX every interval. */
export interface EmqxObserver extends Part<EmqxSettings, EmqxStatus> {
  /** The way to EMQX for the tunnel; it always follows the settings of the observer. */
  readonly gateway: EmqxGateway;
  /** Figures of the last look; undefined while there are none, and when EMQX was not reached. */
  telemetry(): Telemetry | undefined;
  /** Calls back after each look; answers the way to stop that. */
  onLook(listener: (observation: Observation) => void): () => void;
}

/** A request to EMQX's own API, its credentials added on the way out. */
export interface EmqxGateway {
  /** Resolves with the raw answer; the body streams. `path` is relative to the registered base URLs, checked before. */
  request(request: GatewayRequest, signal: AbortSignal): Promise<GatewayAnswer>;
}

export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes can be sent again after a renewed login, a stream cannot. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

export interface GatewayAnswer {
  /** The registered address that answered. */
  readonly base: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}
