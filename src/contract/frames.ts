import type { Static, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Errors } from '@sinclair/typebox/errors';
import { Check } from '@sinclair/typebox/value';

/**
 * Frames of the tunnel, one per MQTT message (contract: ours.md, Agent and server; wire format: docs/tunnel.md):
 * 1 byte version, 1 byte kind, 16 bytes id of the exchange, 4 bytes header length (big endian), JSON header, body.
 */
export const tunnelVersion = 1;
export const tunnelVersions: readonly number[] = [tunnelVersion];

/** Limits that both ends keep. Sizes in bytes, times in milliseconds. */
export const tunnelLimits = {
  /** A whole frame. */
  frame: 256 * 1024,
  header: 64 * 1024,
  path: 8192,
  headerFields: 100,
  /** Body bytes we put into one frame: small enough that one stream does not hold up the others. */
  chunk: 64 * 1024,
  /** Data frames a sender may be ahead of its receiver, per body. Counted in frames, because brokers limit queues so. */
  window: 8,
  /** Exchanges one agent serves at once; more are answered `busy`. */
  atOnce: 32,
  deadlineMs: 3_600_000,
} as const;

export const frameKinds = { request: 1, response: 2, data: 3, end: 4, cancel: 5, error: 6 } as const;
export type FrameKind = keyof typeof frameKinds;

/** The id of what concerns the connection and not one exchange: the agent has gone, everything in flight is lost. */
export const connectionId = '0'.repeat(32);

export const tunnelMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Header fields of HTTP: lower case is not required, no line breaks and no NUL ever. */
const Fields = Type.Record(
  Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$" }),
  Type.String({ maxLength: 16_384, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' }),
  { additionalProperties: false, maxProperties: tunnelLimits.headerFields },
);

const Sequence = Type.Integer({ minimum: 0 });

/** Present when the body goes on in data frames; otherwise it is all in this one. */
const more = Type.Optional(Type.Literal(true));

export const RequestHeader = Type.Object({
  method: Type.Union(tunnelMethods.map((method) => Type.Literal(method))),
  /** Path and query below the registered EMQX address, percent-encoded, as HTTP has it. */
  path: Type.String({ minLength: 1, maxLength: tunnelLimits.path }),
  headers: Fields,
  /** How long the whole exchange may take from here on; a duration, because the clocks of two machines differ. */
  deadlineMs: Type.Integer({ minimum: 1, maximum: tunnelLimits.deadlineMs }),
  more,
});
export type RequestHeader = Static<typeof RequestHeader>;

export const ResponseHeader = Type.Object({
  status: Type.Integer({ minimum: 100, maximum: 599 }),
  headers: Fields,
  more,
});
export type ResponseHeader = Static<typeof ResponseHeader>;

/** Either the next piece of a body, numbered from 0 so that a lost one is noticed, or credit for the other side. */
export const DataHeader = Type.Union([
  Type.Object({ seq: Sequence }),
  Type.Object({ credit: Type.Integer({ minimum: 1, maximum: 1024 }) }),
]);
export type DataHeader = Static<typeof DataHeader>;

/** `seq`: how many data frames the body had. */
export const EndHeader = Type.Object({ seq: Sequence });
export type EndHeader = Static<typeof EndHeader>;

export const CancelHeader = Type.Object({});
export type CancelHeader = Static<typeof CancelHeader>;

/** Machine codes of error frames; `message` is a sentence for people. */
export const tunnelErrors = [
  /** The version byte is none of `versions`. */
  'version',
  /** The frame breaks this format. */
  'bad_frame',
  /** Too many exchanges at once; try again. */
  'busy',
  /** The path, the method or the answer leads out of the registered EMQX. */
  'refused',
  /** EMQX cannot be reached or does not take the agent's credentials. */
  'emqx',
  'deadline',
  'cancelled',
  /** The connection was cut; whether the request was carried out is not known. */
  'cut',
  /** Data frames are missing or too many. */
  'flow',
] as const;
export type TunnelErrorCode = (typeof tunnelErrors)[number];

export const ErrorHeader = Type.Object({
  code: Type.Union(tunnelErrors.map((code) => Type.Literal(code))),
  message: Type.String({ maxLength: 2048 }),
  versions: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { maxItems: 16 })),
});
export type ErrorHeader = Static<typeof ErrorHeader>;

interface Headers {
  request: RequestHeader;
  response: ResponseHeader;
  data: DataHeader;
  end: EndHeader;
  cancel: CancelHeader;
  error: ErrorHeader;
}

/** `id`: 32 hexadecimal digits. The body of a decoded frame is a view into the message, not a copy. */
export type Frame = {
  [Kind in FrameKind]: {
    readonly kind: Kind;
    readonly id: string;
    readonly header: Headers[Kind];
    readonly body: Uint8Array;
  };
}[FrameKind];

export type FrameOf<Kind extends FrameKind> = Extract<Frame, { kind: Kind }>;

const schemas: Readonly<Record<FrameKind, TSchema>> = {
  request: RequestHeader,
  response: ResponseHeader,
  data: DataHeader,
  end: EndHeader,
  cancel: CancelHeader,
  error: ErrorHeader,
};

/** Which kinds carry a body; in the others bytes after the header are an error. */
const withBody: ReadonlySet<FrameKind> = new Set(['request', 'response', 'data']);

const kindNames = new Map<number, FrameKind>(
  Object.entries(frameKinds).map(([kind, byte]) => [byte, kind as FrameKind]),
);

const prefix = 22;

/** A failed exchange or a frame that is none; becomes an error frame as it is. */
export class TunnelError extends Error {
  readonly code: TunnelErrorCode;
  /** The exchange it belongs to, as far as that could be read. */
  readonly id: string | undefined;

  constructor(code: TunnelErrorCode, message: string, id?: string) {
    super(message);
    this.name = 'TunnelError';
    this.code = code;
    this.id = id;
  }

  get header(): ErrorHeader {
    const header: ErrorHeader = { code: this.code, message: this.message.slice(0, 2048) };
    return this.code === 'version' ? { ...header, versions: [...tunnelVersions] } : header;
  }
}

/**
 * Asks an agent whether it is there: a frame of version 0, which nobody speaks, so that every agent answers with an
 * `error` frame and nothing is begun.
 */
export const hello: Buffer = Buffer.from(`0000${'f'.repeat(32)}`, 'hex');

const nothing = new Uint8Array(0);

/**
 * Bytes of one frame. Throws `TunnelError` (`bad_frame`) for what `decodeFrame` would not take: what we send is held
 * to the same rules as what we receive.
 */
export function encodeFrame<Kind extends FrameKind>(
  kind: Kind,
  id: string,
  header: Headers[Kind],
  body: Uint8Array = nothing,
): Buffer {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new TunnelError('bad_frame', 'the id is not 32 hexadecimal digits');
  check(kind, id, header, body);
  const text = JSON.stringify(header);
  const length = Buffer.byteLength(text);
  checkSizes(id, length, prefix + length + body.length);
  const frame = Buffer.allocUnsafe(prefix + length + body.length);
  frame[0] = tunnelVersion;
  frame[1] = frameKinds[kind];
  frame.write(id, 2, 'hex');
  frame.writeUInt32BE(length, 18);
  frame.write(text, prefix, 'utf8');
  frame.set(body, prefix + length);
  return frame;
}

/** Reads one frame. Throws `TunnelError`: `version` for another version, `bad_frame` for everything else. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const frame = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const id = frame.length >= 18 ? frame.toString('hex', 2, 18) : undefined;
  if (frame.length === 0) throw new TunnelError('bad_frame', 'the frame is empty');
  if (frame[0] !== tunnelVersion) {
    const spoken = tunnelVersions.join(', ');
    throw new TunnelError('version', `frame version ${frame[0]} is not spoken here; spoken: ${spoken}`, id);
  }
  if (id === undefined || frame.length < prefix) throw new TunnelError('bad_frame', 'the frame is cut short', id);
  const kind = kindNames.get(frame[1] as number);
  if (kind === undefined) throw new TunnelError('bad_frame', `unknown kind of frame ${frame[1]}`, id);
  const length = frame.readUInt32BE(18);
  checkSizes(id, length, frame.length);
  if (prefix + length > frame.length) throw new TunnelError('bad_frame', 'the header is cut short', id);
  const header = parseHeader(id, frame.subarray(prefix, prefix + length));
  const body = frame.subarray(prefix + length);
  check(kind, id, header, body);
  return { kind, id, header, body } as Frame;
}

function checkSizes(id: string, header: number, frame: number): void {
  if (frame > tunnelLimits.frame) {
    throw new TunnelError('bad_frame', `a frame of ${frame} bytes is over the limit of ${tunnelLimits.frame}`, id);
  }
  if (header > tunnelLimits.header) {
    throw new TunnelError('bad_frame', `a header of ${header} bytes is over the limit of ${tunnelLimits.header}`, id);
  }
}

function parseHeader(id: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new TunnelError('bad_frame', 'the header is not JSON', id);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function check(kind: FrameKind, id: string, header: unknown, body: Uint8Array): void {
  const schema = schemas[kind];
  if (!Check(schema, header)) {
    const first = Errors(schema, header).First();
    const place = first?.path ? ` at ${first.path.slice(0, 100)}` : '';
    throw new TunnelError('bad_frame', `the header of the ${kind} frame is not valid${place}`, id);
  }
  const carries = withBody.has(kind) && !(kind === 'data' && 'credit' in (header as DataHeader));
  if (!carries && body.length > 0) throw new TunnelError('bad_frame', `a body where a ${kind} frame has none`, id);
}
