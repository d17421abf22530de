import type { Telemetry } from '../../src/contract/telemetry.ts';
import type { Part, PartStatus } from '../part.ts';

/** Where the tunnel's broker is; from ECP's metadata (contract: ecp.md section 3). */
export interface TunnelSettings {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; `tcp://`, `ssl://` and no scheme are understood too. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
  readonly requestTopic: string;
  readonly replyTopic: string;
  /** Absent: metrics are not sent. */
  readonly telemetryTopic: string | undefined;
  readonly clientId: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly insecure: boolean;
}

export interface TunnelStatus extends PartStatus {
  readonly inFlight: number;
  readonly served: number;
}

export interface Tunnel extends Part<TunnelSettings, TunnelStatus> {
  /** Publishes telemetry at most once; dropped when there is no topic, no connection, or no room. */
  offer(telemetry: Telemetry): void;
}
