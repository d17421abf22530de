import { TunnelError } from '../../contract/frames.ts';
import type { BrokerOptions, Carrier, CarrierEvents } from './broker.ts';
import { startBroker } from './broker.ts';
import type { TunnelAnswer, TunnelRequest } from './exchange.ts';
import { Requester } from './requester.ts';

export type { TunnelAnswer, TunnelRequest } from './exchange.ts';

export interface TunnelOptions extends Omit<BrokerOptions, 'onReply' | 'onPresence'> {
  /** An agent came or went. */
  readonly onPresence?: (agentId: number, present: boolean) => void;
}

/** The way to EMQX's own API. */
export interface Tunnel {
  /** Port of the embedded broker. */
  readonly port: number;
  isConnected(agentId: number): boolean;
  /** Rejects with `TunnelError`: `cut` where the agent is not connected. */
  request(agentId: number, request: TunnelRequest, signal: AbortSignal): Promise<TunnelAnswer>;
  /** Ends the connection of an agent that was deleted or unregistered. */
  drop(agentId: number): void;
  close(): Promise<void>;
}

export async function startTunnel(options: TunnelOptions): Promise<Tunnel> {
  let carrier: (Carrier & { readonly port: number }) | undefined;
  const requester = new Requester((agentId, frame) => carrier?.send(agentId, frame));
  const events: CarrierEvents = {
    onReply: (agentId, message) => requester.receive(agentId, message),
    onTelemetry: options.onTelemetry,
    onPresence: (agentId, present) => {
      if (!present) requester.lost(agentId);
      options.onPresence?.(agentId, present);
    },
  };
  const started = await startBroker({ ...options, ...events });
  carrier = started;
  return {
    port: started.port,
    isConnected: (agentId) => started.isConnected(agentId),
    request(agentId, request, signal) {
      if (started.isConnected(agentId)) return requester.request(agentId, request, signal);
      return Promise.reject(new TunnelError('cut', 'the agent is not connected'));
    },
    drop: (agentId) => started.drop(agentId),
    async close() {
      requester.close();
      await started.close();
    },
  };
}
