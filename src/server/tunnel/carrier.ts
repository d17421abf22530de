import { tunnelLimits } from '../../contract/frames.ts';
import { telemetryBytes } from '../../contract/telemetry.ts';

/** Where messages to and from agents go: the embedded broker or another one. */
export interface Carrier {
  /** Why nothing can be carried at all now, in a sentence; undefined when all is well. */
  trouble(): string | undefined;
  /** True where this agent would get a message now, as far as is known. */
  isConnected(agentId: number): boolean;
  /** Finds out about agents that nothing is known of; resolves once one of them is there, or when it is in vain. */
  look(agentIds: readonly number[]): Promise<void>;
  /**
   * Sends one message on the agent's request topic, at least once. Silent where the agent is not there; throws
   * `TunnelError` (`busy`) where too much waits already.
   */
  send(agentId: number, message: Buffer): void;
  /** Ends the connection of an agent that is no more, as far as that is in our hands. */
  drop(agentId: number): void;
  close(): Promise<void>;
}

export interface CarrierEvents {
  readonly onReply: (agentId: number, message: Buffer) => void;
  readonly onTelemetry: (agentId: number, message: Buffer) => void;
  readonly onPresence: (agentId: number, present: boolean) => void;
}

/** Bytes of the longest message that an agent may send. */
export const longestMessage = Math.max(telemetryBytes, tunnelLimits.frame);
