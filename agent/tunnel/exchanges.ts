import {
  connectionId,
  decodeFrame,
  encodeFrame,
  type FrameOf,
  TunnelError,
  tunnelLimits,
} from '../../src/contract/frames.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { Logger } from '../part.ts';
import { type Exchange, type ExchangeDeps, startExchange } from './exchange.ts';

/** All requests that came over one connection to the broker. */
export interface Exchanges {
  /** Takes one message of the request topic; never throws. */
  receive(message: Uint8Array): void;
  /** Stops taking requests, waits for those in flight up to `graceMs`, then ends them. */
  drain(graceMs: number): Promise<void>;
  /** Ends everything at once: the connection is gone. */
  cut(reason: string): void;
  readonly inFlight: number;
  readonly served: number;
}

/** Ids of finished requests that are remembered, because QoS 1 may deliver a request twice. */
const remembered = 256;

export function createExchanges(deps: ExchangeDeps, logger: Logger): Exchanges {
  const open = new Map<string, Exchange>();
  const past = new Set<string>();
  let served = 0;
  let closing = false;

  function begin(frame: FrameOf<'request'>): void {
    const { id } = frame;
    if (open.has(id) || past.has(id)) return;
    if (closing) throw new TunnelError('cut', 'The agent is stopping', id);
    if (open.size >= tunnelLimits.atOnce) {
      throw new TunnelError('busy', `The agent serves ${tunnelLimits.atOnce} requests at once; try again`, id);
    }
    const exchange = startExchange(frame, deps);
    open.set(id, exchange);
    void exchange.done.then(() => {
      served += 1;
      open.delete(id);
      past.add(id);
      if (past.size > remembered) past.delete(past.values().next().value as string);
    });
  }

  return {
    get inFlight() {
      return open.size;
    },
    get served() {
      return served;
    },
    receive(message) {
      try {
        const frame = decodeFrame(message);
        if (frame.id === connectionId) return;
        // Frames for what is over come late and are no fault.
        const exchange = open.get(frame.id);
        if (frame.kind === 'request') begin(frame);
        else if (frame.kind === 'data' || frame.kind === 'end') exchange?.take(frame);
        else if (frame.kind === 'cancel' || frame.kind === 'error') {
          exchange?.abort(new TunnelError('cancelled', 'The requester has cancelled'));
        }
      } catch (error) {
        if (!(error instanceof TunnelError)) return logger.error('a frame was not taken', { reason: reasonOf(error) });
        logger.debug('a frame was refused', { code: error.code, reason: error.message });
        if (error.id !== undefined && error.id !== connectionId) {
          deps.send(encodeFrame('error', error.id, error.header));
        }
      }
    },
    async drain(graceMs) {
      closing = true;
      const all = Promise.all([...open.values()].map((exchange) => exchange.done));
      const stop = new AbortController();
      await Promise.race([all, deps.sleep(graceMs, stop.signal)]);
      stop.abort();
      for (const exchange of open.values()) exchange.abort(new TunnelError('cut', 'The agent is stopping'));
      await all;
    },
    cut(reason) {
      closing = true;
      for (const exchange of open.values()) exchange.abort(new TunnelError('cut', reason));
    },
  };
}
