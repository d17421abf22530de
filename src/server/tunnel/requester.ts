import { randomBytes } from 'node:crypto';
import type { Frame } from '../../contract/frames.ts';
import { connectionId, decodeFrame, encodeFrame, TunnelError, tunnelLimits } from '../../contract/frames.ts';
import type { TunnelAnswer, TunnelRequest } from './exchange.ts';
import { Exchange } from './exchange.ts';

/** Everything that is under way through the tunnel, by agent and exchange. */
export class Requester {
  readonly #send: (agentId: number, frame: Buffer) => void;
  readonly #exchanges = new Map<number, Map<string, Exchange>>();
  /** Exchanges that ended while nobody could tell their agent. */
  readonly #untold = new Map<number, readonly string[]>();

  constructor(send: (agentId: number, frame: Buffer) => void) {
    this.#send = send;
  }

  /** How many exchanges of an agent are open. */
  open(agentId: number): number {
    return this.#exchanges.get(agentId)?.size ?? 0;
  }

  /** Resolves with the answer's head, its body to follow. Rejects with `TunnelError`. */
  request(agentId: number, request: TunnelRequest, signal: AbortSignal): Promise<TunnelAnswer> {
    if (this.open(agentId) >= tunnelLimits.atOnce) {
      return Promise.reject(new TunnelError('busy', `${tunnelLimits.atOnce} requests are under way; try again`));
    }
    const id = randomBytes(16).toString('hex');
    const own = this.#exchanges.get(agentId) ?? new Map<string, Exchange>();
    this.#exchanges.set(agentId, own);
    let over = false;
    const exchange = new Exchange(
      id,
      request,
      (frame) => this.#send(agentId, frame),
      () => {
        over = true;
        own.delete(id);
        if (own.size === 0 && this.#exchanges.get(agentId) === own) this.#exchanges.delete(agentId);
      },
      signal,
    );
    if (!over) own.set(id, exchange);
    return exchange.answer;
  }

  /** Takes a message from an agent's reply topic; what is not valid ends the exchange it belongs to. */
  receive(agentId: number, message: Uint8Array): void {
    let frame: Frame;
    try {
      frame = decodeFrame(message);
    } catch (error) {
      if (error instanceof TunnelError && error.id !== undefined) this.#exchange(agentId, error.id)?.abandon(error);
      return;
    }
    if (frame.id === connectionId) {
      this.lost(agentId);
      return;
    }
    const exchange = this.#exchange(agentId, frame.id);
    try {
      exchange?.receive(frame);
    } catch (error) {
      exchange?.abandon(error);
    }
  }

  /** The agent's connection has gone, and everything on it. */
  lost(agentId: number): void {
    const exchanges = [...(this.#exchanges.get(agentId)?.values() ?? [])];
    for (const exchange of exchanges) {
      exchange.fail(new TunnelError('cut', 'the connection to the agent was cut; whether EMQX got it is not known'));
    }
  }

  /** Our own connection has gone, and everything on it; the agents do not know and go on. */
  severed(): void {
    for (const [agentId, own] of [...this.#exchanges]) {
      this.#untold.set(agentId, [...own.keys()]);
      for (const exchange of [...own.values()]) {
        exchange.fail(
          new TunnelError('cut', 'the connection to the MQTT broker was cut; whether EMQX got it is not known'),
        );
      }
    }
  }

  /** The agent can be reached again: it need not go on with what nobody waits for, and be busy with it. */
  found(agentId: number): void {
    const ids = this.#untold.get(agentId) ?? [];
    this.#untold.delete(agentId);
    for (const id of ids) this.#send(agentId, encodeFrame('cancel', id, {}));
  }

  close(): void {
    for (const own of [...this.#exchanges.values()]) {
      for (const exchange of [...own.values()]) exchange.abandon(new TunnelError('cut', 'the server ends'));
    }
  }

  #exchange(agentId: number, id: string): Exchange | undefined {
    return this.#exchanges.get(agentId)?.get(id);
  }
}
