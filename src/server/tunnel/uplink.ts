import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { MqttClient } from 'mqtt';
import { connect } from 'mqtt';
import { TunnelError } from '../../contract/frames.ts';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import { backoffDelay } from '../../core/retry.ts';

/** A broker of others, and who we are there. */
export interface UplinkSettings {
  /** `mqtt://` or `mqtts://`, without credentials. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** PEM; trusted beside the usual authorities. */
  readonly ca: string | undefined;
}

export interface UplinkOptions extends UplinkSettings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (level: 'info' | 'error', message: string) => void;
  /** Topic filters, with the quality of service they are wanted in. */
  readonly filters: Readonly<Record<string, 0 | 1>>;
  readonly onMessage: (topic: string, payload: Buffer) => void;
  readonly onUp: () => void;
  readonly onDown: () => void;
}

const backoff = { base: 500, cap: 30_000 };
/** A connection that held this long, in milliseconds, counts as good: the next wait starts from the beginning. */
const steadyMs = 30_000;
/** Until the broker has taken connection and subscriptions, milliseconds. */
const connectMs = 10_000;
/** Seconds; a broker that answers nothing is given up within one and a half of it. */
const keepalive = 15;
/** Bytes that the broker has not acknowledged; more are not taken. */
const waitingLimit = 64 * 1024 * 1024;
/** Bytes; what is shorter only ends or paces what was let in before, and always goes. */
const always = 64;

/** One connection to a broker of others (MQTT 3.1.1), kept up for as long as the server runs. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  /** Resolves when the first attempt has succeeded or failed. */
  readonly tried: Promise<void>;
  #live: MqttClient | undefined;
  #waiting = 0;
  #trouble: string | undefined;
  #closing = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
    let tried = () => {};
    this.tried = new Promise((resolve) => {
      tried = resolve;
    });
    this.#running = this.#keep(tried);
  }

  /** Why nothing can be sent now; undefined while connected. */
  get trouble(): string | undefined {
    if (this.#live) return undefined;
    return this.#trouble ?? 'not connected yet';
  }

  /** At least once, in order. Silent while there is no connection; throws `TunnelError` (`busy`). */
  send(topic: string, payload: Buffer, qos: 0 | 1): void {
    if (!this.#live?.connected) return;
    if (this.#waiting > waitingLimit && payload.length > always) {
      throw new TunnelError('busy', 'the MQTT broker does not keep up; try again');
    }
    this.#waiting += payload.length;
    this.#live.publish(topic, payload, { qos }, () => {
      this.#waiting -= payload.length;
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    const live = this.#live;
    if (live) await Promise.race([live.endAsync(), this.#options.clock.sleep(500)]);
    this.#end.abort();
    await this.#running;
  }

  async #keep(tried: () => void): Promise<void> {
    const { clock, random, log, url, onUp, onDown } = this.#options;
    const { signal } = this.#end;
    let told: string | undefined;
    for (let attempt = 0; !this.#closing; attempt++) {
      const at = clock.monotonic();
      try {
        const { client, gone } = await this.#connect(signal);
        this.#live = client;
        log('info', `connected to the MQTT broker ${url}`);
        told = undefined;
        onUp();
        tried();
        await gone;
      } catch (error) {
        const wasLive = this.#live !== undefined;
        this.#live = undefined;
        this.#waiting = 0;
        this.#trouble = wordsOf(error);
        if (wasLive) onDown();
        // Once for each cause: it is tried again every half minute at least.
        if (!this.#closing && told !== this.#trouble) {
          told = this.#trouble;
          log('error', `the MQTT broker ${url} cannot be used: ${told}; no agent can be reached until it is back`);
        }
        tried();
      }
      if (clock.monotonic() - at >= steadyMs) attempt = 0;
      if (!this.#closing) await clock.sleep(backoffDelay(attempt, backoff, random), signal).catch(() => {});
    }
  }

  /** Connects and subscribes; `gone` rejects when the connection ends, whoever ended it. */
  async #connect(signal: AbortSignal): Promise<{ client: MqttClient; gone: Promise<never> }> {
    const { url, username, password, ca, filters, onMessage } = this.#options;
    const client = connect(url, {
      protocolVersion: 4,
      clean: true,
      clientId: `ecp-server-${newId()}`,
      // Reconnecting is ours: with jitter, and never resending what belongs to a connection that is gone.
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: connectMs,
      keepalive,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    });
    // Without this a small QoS 1 message waits for the acknowledgement of the one before: 40 ms instead of 0.5.
    (client.stream as Partial<Socket>).setNoDelay?.(true);
    let cause: unknown;
    const note = (error: unknown) => {
      cause ??= error;
    };
    client.on('error', note);
    client.stream.on('error', note);
    const gone = new Promise<never>((_, reject) => {
      client.once('close', () => reject(cause ?? new Error('it closed the connection')));
    });
    gone.catch(() => {});
    const abort = () => {
      client.end(true);
      // A goodbye that is under way is waited for by `end`, however it is called again.
      client.stream.destroy();
    };
    signal.addEventListener('abort', abort, { once: true });
    gone.catch(() => signal.removeEventListener('abort', abort));
    const late = setTimeout(() => {
      note(new Error('it does not answer'));
      client.end(true);
    }, connectMs);
    try {
      await Promise.race([new Promise<void>((resolve) => client.once('connect', () => resolve())), gone]);
      // What is retained is of another time, and no agent of ours leaves such a thing.
      client.on('message', (topic, payload, { retain }) => retain || onMessage(topic, payload));
      const wanted = Object.fromEntries(Object.entries(filters).map(([filter, qos]) => [filter, { qos }]));
      const granted = await Promise.race([client.subscribeAsync(wanted).catch(() => undefined), gone]);
      if (!granted?.every(({ qos }) => qos <= 2)) {
        throw new Error(`it does not let us subscribe to ${Object.keys(filters).join(' and ')}`);
      }
      return { client, gone };
    } catch (error) {
      client.end(true);
      throw error;
    } finally {
      clearTimeout(late);
    }
  }
}

/** Return codes of CONNACK (MQTT 3.1.1, table 3.1). */
const refusals: Readonly<Record<number, string>> = {
  1: 'it does not speak MQTT 3.1.1',
  2: 'it does not accept the client identifier',
  3: 'it is not ready',
  4: 'it does not accept our user name and password',
  5: 'it does not accept our user name and password',
};

function wordsOf(error: unknown): string {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown };
  if (typeof code === 'number') return refusals[code] ?? reasonOf(error);
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (/keepalive|connack timeout/i.test(reasonOf(error))) return 'it does not answer';
  // OpenSSL's message is a line of addresses and file names; `reason` is its sentence.
  if (typeof reason === 'string' && String(code).startsWith('ERR_SSL')) return reason;
  return reasonOf(error);
}
