import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { IClientOptions, MqttClient } from 'mqtt';
import { connectionId, encodeFrame, TunnelError } from '../../src/contract/frames.ts';
import { explain } from '../trust.ts';
import { BrokerError } from './errors.ts';
import type { TunnelSettings } from './types.ts';

export interface Timings {
  /** Until the broker has taken connection and subscription, milliseconds. */
  readonly connectMs: number;
  /**
   * Seconds between signs of life that are asked of the broker; silence of 1.5 times that ends the connection, so 15
   * notices within 22.5 seconds.
   */
  readonly keepaliveS: number;
}

export const usualTimings: Timings = { connectMs: 10_000, keepaliveS: 15 };

/** One connection to the broker, subscribed to the request topic. */
export interface Connection {
  /** At least once, in order. Does nothing when the connection is gone. */
  reply(frame: Buffer): void;
  /** At most once; dropped when the connection does not keep up. */
  offer(topic: string, payload: Buffer): void;
  /** Resolves with the reason when the connection is gone, whoever ended it. */
  readonly gone: Promise<BrokerError>;
  /** Sends what waits, says goodbye and closes, in `withinMs`. */
  end(withinMs: number): Promise<void>;
}

/** The frame that tells every requester that this agent has gone; the broker sends it when we cannot. */
const farewell = () =>
  encodeFrame('error', connectionId, new TunnelError('cut', 'The agent has lost its connection').header);

/** Bytes that may wait in the socket before telemetry is dropped. */
const offerLimit = 1024 * 1024;

/** Connects and subscribes. Rejects with `BrokerError`, or with the signal's reason. */
export async function connect(
  settings: TunnelSettings,
  timings: Timings,
  onMessage: (payload: Buffer) => void,
  signal: AbortSignal,
): Promise<Connection> {
  const url = brokerUrl(settings.server);
  const server = `${url.protocol}//${url.host}`;
  const { default: mqtt } = await import('mqtt');
  signal.throwIfAborted();
  const client = mqtt.connect(url.href, optionsOf(settings, timings));
  // Without this a small QoS 1 message waits for the acknowledgement of the one before: 40 ms instead of 0.5.
  (client.stream as Partial<Socket>).setNoDelay?.(true);

  let error: unknown;
  const note = (cause: unknown) => {
    error ??= cause;
  };
  client.on('error', note);
  client.stream.on('error', note);
  const gone = new Promise<BrokerError>((resolve) => {
    client.once('close', () => resolve(brokerError(server, error)));
  });
  const abort = () => client.end(true);
  signal.addEventListener('abort', abort, { once: true });
  const late = setTimeout(() => {
    note(new BrokerError('silent', { server }));
    client.end(true);
  }, timings.connectMs);
  try {
    await Promise.race([ready(client, server, settings.requestTopic, onMessage), gone.then(thrown)]);
  } catch (cause) {
    client.end(true);
    if (signal.aborted) throw signal.reason;
    throw cause;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
  }
  return {
    gone,
    reply(frame) {
      if (client.connected) client.publish(settings.replyTopic, frame, { qos: 1 });
    },
    offer(topic, payload) {
      const waiting = (client.stream as Partial<Socket>).writableLength ?? 0;
      if (client.connected && waiting < offerLimit) client.publish(topic, payload, { qos: 0 });
    },
    async end(withinMs) {
      if (client.connected) {
        await Promise.race([
          new Promise((resolve) => {
            client.publish(settings.replyTopic, farewell(), { qos: 1 });
            client.end(false, {}, resolve);
          }),
          new Promise((resolve) => setTimeout(resolve, withinMs).unref()),
        ]);
      }
      client.end(true);
    },
  };
}

function optionsOf(settings: TunnelSettings, timings: Timings): IClientOptions {
  const { username, password, clientId, ca, cert, key, insecure } = settings;
  return {
    protocolVersion: 4,
    clean: true,
    // Reconnecting is ours: with jitter, and never resending what belongs to a connection that is gone.
    reconnectPeriod: 0,
    queueQoSZero: false,
    connectTimeout: timings.connectMs,
    keepalive: timings.keepaliveS,
    // A table of 65,536 small buffers, 7 MB for the life of an agent that sends a few packets a minute.
    writeCache: false,
    clientId,
    username,
    password,
    rejectUnauthorized: !insecure,
    will: { topic: settings.replyTopic, payload: farewell(), qos: 1, retain: false },
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

async function ready(
  client: MqttClient,
  server: string,
  topic: string,
  onMessage: (payload: Buffer) => void,
): Promise<void> {
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  client.on('message', (_, payload) => onMessage(payload));
  const [granted] = await client.subscribeAsync(topic, { qos: 1 }).catch(() => []);
  if (granted === undefined || granted.qos === 128) throw new BrokerError('not_subscribed', { server, topic });
}

const thrown = (error: BrokerError): never => {
  throw error;
};

const schemes: Readonly<Record<string, string>> = {
  'mqtt:': 'mqtt:',
  'tcp:': 'mqtt:',
  'mqtts:': 'mqtts:',
  'ssl:': 'mqtts:',
  'tls:': 'mqtts:',
  'ws:': 'ws:',
  'wss:': 'wss:',
};

/** The address of the broker; `tcp://`, `ssl://` and no scheme at all are understood too. Throws `BrokerError`. */
export function brokerUrl(text: string): URL {
  const trimmed = text.trim();
  const server = trimmed.replace(/\/\/[^/@]*@/, '//');
  const [, scheme = 'mqtt:', rest = ''] = /^([a-z0-9+.-]+:)?\/\/(.*)$/i.exec(trimmed) ?? [undefined, 'mqtt:', trimmed];
  const known = schemes[scheme.toLowerCase()];
  try {
    const url = new URL(`${known}//${rest}`);
    if (known !== undefined && url.hostname !== '' && url.username === '' && url.password === '') return url;
  } catch {
    // The sentence below says it.
  }
  throw new BrokerError('bad_server', { server });
}

/** Return codes of CONNACK (MQTT 3.1.1, table 3.1). */
const refusals: Readonly<Record<number, string>> = {
  1: 'it does not speak MQTT 3.1.1',
  2: 'it does not accept the client identifier',
};

function brokerError(server: string, error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  if (error === undefined) return new BrokerError('lost', { server });
  const refusal = (error as { code?: unknown })?.code;
  if (refusal === 4 || refusal === 5) return new BrokerError('bad_credentials', { server }, error);
  if (refusal === 3) return new BrokerError('unavailable', { server }, error);
  const { code, reason, tls } = explain(error);
  if (typeof refusal === 'number') {
    return new BrokerError('rejected', { server, reason: refusals[refusal] ?? reason }, error);
  }
  if (code === 'ECONNREFUSED') return new BrokerError('refused', { server }, error);
  if (/keepalive|connack timeout|timed? ?out/i.test(`${code} ${reason}`)) {
    return new BrokerError('silent', { server }, error);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') return new BrokerError('lost', { server }, error);
  if (tls === 'ours') return new BrokerError('client_certificate', { server, reason }, error);
  return new BrokerError(tls === 'theirs' ? 'untrusted' : 'unreachable', { server, reason }, error);
}
