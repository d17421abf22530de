import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import mqtt from 'mqtt';
import { BodyReader, Credit, sendBody } from '../../../src/contract/frame-body.ts';
import {
  connectionId,
  decodeFrame,
  encodeFrame,
  type Frame,
  type RequestHeader,
  TunnelError,
} from '../../../src/contract/frames.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  text(): Promise<string>;
}

export interface Ask extends Partial<Omit<RequestHeader, 'more'>> {
  /** A string travels in the request's own frame, anything else as data frames. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** The other end of the tunnel, as small as it can be: what ECP does. */
export interface Requester {
  ask(ask: Ask): Promise<Reply>;
  /** Sends bytes as they are and collects the frames that answer `id`. */
  sendRaw(bytes: Uint8Array): void;
  readonly frames: Frame[];
  end(): Promise<void>;
}

interface Open {
  readonly credit: Credit;
  readonly reader: BodyReader;
  readonly uploading: AbortController;
  answered: (reply: Reply | TunnelError) => void;
}

export async function startRequester(
  url: string,
  topics = { request: 'requests/1', reply: 'replies/1' },
  login: { username?: string; password?: string } = {},
): Promise<Requester> {
  const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 0, rejectUnauthorized: false, ...login });
  (client.stream as Partial<Socket>).setNoDelay?.(true);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  client.on('error', () => {});
  await client.subscribeAsync(topics.reply, { qos: 1 });
  const open = new Map<string, Open>();
  const frames: Frame[] = [];
  const send = (frame: Uint8Array) => void client.publish(topics.request, Buffer.from(frame), { qos: 1 });

  client.on('message', (_, payload) => {
    const frame = decodeFrame(payload);
    if (frame.kind !== 'data') frames.push(frame);
    if (frame.id === connectionId && frame.kind === 'error') {
      for (const one of open.values()) fail(one, new TunnelError(frame.header.code, frame.header.message));
      return;
    }
    const one = open.get(frame.id);
    if (!one) return;
    if (frame.kind === 'error') fail(one, new TunnelError(frame.header.code, frame.header.message));
    else if (frame.kind === 'end') one.reader.end(frame.header.seq);
    else if (frame.kind === 'data' && 'credit' in frame.header) one.credit.grant(frame.header.credit);
    else if (frame.kind === 'data' && 'seq' in frame.header) one.reader.push(frame.header.seq, frame.body);
    else if (frame.kind === 'response') {
      const { status, headers, more } = frame.header;
      const body = more ? one.reader : whole(frame.body);
      one.answered({ status, headers, body, text: async () => (await collect(body)).toString() });
    }
  });

  function fail(one: Open, error: TunnelError): void {
    one.uploading.abort();
    one.reader.fail(error);
    one.answered(error);
  }

  return {
    frames,
    sendRaw: send,
    async ask({ method = 'GET', path = '/api/v5/nodes', headers = {}, deadlineMs = 10_000, body, signal }) {
      const id = randomBytes(16).toString('hex');
      const credit = new Credit();
      const reader = new BodyReader((frames) => send(encodeFrame('data', id, { credit: frames })));
      const uploading = new AbortController();
      const streamed = body !== undefined && typeof body !== 'string';
      signal?.addEventListener('abort', () => {
        send(encodeFrame('cancel', id, {}));
        const one = open.get(id);
        if (one) fail(one, new TunnelError('cancelled', 'cancelled here'));
      });
      const answer = await new Promise<Reply | TunnelError>((answered) => {
        open.set(id, { credit, reader, uploading, answered });
        const header = { method, path, headers, deadlineMs, ...(streamed && { more: true as const }) };
        send(encodeFrame('request', id, header, typeof body === 'string' ? Buffer.from(body) : undefined));
        if (!streamed) return;
        const out = {
          data: (seq: number, bytes: Uint8Array) => send(encodeFrame('data', id, { seq }, bytes)),
          end: (seq: number) => send(encodeFrame('end', id, { seq })),
        };
        sendBody(body, credit, out, uploading.signal).catch(() => {});
      });
      if (answer instanceof TunnelError) throw answer;
      return answer;
    },
    async end() {
      client.end(true);
    },
  };
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
