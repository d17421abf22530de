import { TunnelError } from '../../contract/frames.ts';
import type { BrokerOptions } from './broker.ts';
import { startBroker } from './broker.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import type { TunnelAnswer, TunnelRequest } from './exchange.ts';
import type { ExternalOptions } from './external.ts';
import { Requester } from './requester.ts';

export type { TunnelAnswer, TunnelRequest } from './exchange.ts';

interface Events {
  readonly onTelemetry: CarrierEvents['onTelemetry'];
  /** An agent came or went. */
  readonly onPresence?: CarrierEvents['onPresence'];
}

/** With the embedded broker, or with one of others. */
export type TunnelOptions = Events &
  (Omit<BrokerOptions, keyof CarrierEvents> | Omit<ExternalOptions, keyof CarrierEvents | 'onDown'>);

/** The way to EMQX's own API. */
export interface Tunnel extends Pick<Carrier, 'trouble' | 'isConnected' | 'look' | 'drop' | 'close'> {
  /** Port of the embedded broker; undefined with another. */
  readonly port: number | undefined;
  /** Rejects with `TunnelError`: `cut` where the agent is not connected. */
  request(agentId: number, request: TunnelRequest, signal: AbortSignal): Promise<TunnelAnswer>;
}

export async function startTunnel(options: TunnelOptions): Promise<Tunnel> {
  let carrier: (Carrier & { readonly port?: number }) | undefined;
  const requester = new Requester((agentId, frame) => carrier?.send(agentId, frame));
  const events: CarrierEvents = {
    onReply: (agentId, message) => requester.receive(agentId, message),
    onTelemetry: options.onTelemetry,
    onPresence: (agentId, present) => {
      if (present) requester.found(agentId);
      else requester.lost(agentId);
      options.onPresence?.(agentId, present);
    },
  };
  const started =
    'uplink' in options
      ? await (await import('./external.ts')).startExternal({
          ...options,
          ...events,
          onDown: () => requester.severed(),
        })
      : await startBroker({ ...options, ...events });
  carrier = started;
  return {
    port: carrier.port,
    trouble: () => started.trouble(),
    isConnected: (agentId) => started.isConnected(agentId),
    look: (agentIds) => started.look(agentIds),
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
