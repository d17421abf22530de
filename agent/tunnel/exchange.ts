import { BodyReader, Credit, sendBody } from '../../src/contract/frame-body.ts';
import {
  encodeFrame,
  type FrameKind,
  type FrameOf,
  type ResponseHeader,
  TunnelError,
  tunnelLimits,
} from '../../src/contract/frames.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { EmqxGateway, GatewayAnswer } from '../emqx/types.ts';
import { checkLocation, checkPath, requestHeaders, responseHeaders } from './guard.ts';

/** One request on its way to EMQX and back. */
export interface Exchange {
  /** Takes a data or end frame of the request's body, or credit for the answer's. */
  take(frame: FrameOf<'data'> | FrameOf<'end'>): void;
  /** Ends it early. The requester is told unless it asked for this itself. */
  abort(error: TunnelError): void;
  /** Resolves when nothing more will be sent. */
  readonly done: Promise<void>;
}

export interface ExchangeDeps {
  readonly gateway: EmqxGateway;
  /** Sends one frame to the requester; never throws. */
  readonly send: (frame: Buffer) => void;
  /** Milliseconds timer, so that a deadline can be held by a test. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Carries one request to EMQX. Whatever goes wrong becomes an error frame. */
export function startExchange(
  { id, header, body }: FrameOf<'request'>,
  { gateway, send, sleep }: ExchangeDeps,
): Exchange {
  const ended = new AbortController();
  const { signal } = ended;
  const credit = new Credit();
  const upload = header.more ? new BodyReader((frames) => reply('data', { credit: frames })) : undefined;

  function reply<Kind extends FrameKind>(kind: Kind, fields: FrameOf<Kind>['header'], bytes?: Uint8Array): void {
    send(encodeFrame(kind, id, fields as never, bytes));
  }

  function abort(error: TunnelError): void {
    ended.abort(error);
    upload?.fail(error);
  }

  async function* wholeUpload(first: Uint8Array, rest: BodyReader): AsyncGenerator<Uint8Array> {
    if (first.length > 0) yield first;
    yield* rest;
  }

  async function run(): Promise<void> {
    checkPath(header.path);
    const answer = await gateway.request(
      {
        method: header.method,
        path: header.path,
        headers: requestHeaders(header),
        body: upload ? wholeUpload(body, upload) : body.length > 0 ? body : undefined,
      },
      signal,
    );
    const { status, base } = answer;
    const head = checkLocation({ status, headers: responseHeaders(answer.headers) }, header.path, base);
    await respond(head, answer);
  }

  /** A small answer is one frame; a large one, or one of unknown length, streams. */
  async function respond(head: ResponseHeader, answer: GatewayAnswer): Promise<void> {
    const length = head.headers['content-length'] ?? '';
    const bodiless = header.method === 'HEAD' || head.status === 204 || head.status === 304;
    const small = /^\d{1,9}$/.test(length) && Number(length) <= tunnelLimits.chunk;
    if (!bodiless && !small) {
      reply('response', { ...head, more: true });
      const frames = {
        data: (seq: number, bytes: Uint8Array) => reply('data', { seq }, bytes),
        end: (seq: number) => reply('end', { seq }),
      };
      return sendBody(answer.body, credit, frames, signal);
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of answer.body) pieces.push(piece);
    signal.throwIfAborted();
    reply('response', head, Buffer.concat(pieces));
  }

  const finished = new AbortController();
  sleep(header.deadlineMs, finished.signal).then(
    () => abort(new TunnelError('deadline', `EMQX has not answered within ${header.deadlineMs} ms`)),
    () => {},
  );
  const done = run()
    .catch((error: unknown) => {
      const failure = signal.aborted ? signal.reason : error;
      const known = failure instanceof TunnelError ? failure : new TunnelError('emqx', reasonOf(failure));
      if (known.code !== 'cancelled') reply('error', known.header);
    })
    .finally(() => {
      finished.abort();
      // Lets go of a body that EMQX did not want to the end.
      abort(new TunnelError('cancelled', 'the exchange has ended'));
    });

  return {
    done,
    abort,
    take(frame) {
      try {
        if (frame.kind === 'end') upload?.end(frame.header.seq);
        else if ('credit' in frame.header) credit.grant(frame.header.credit);
        else upload?.push(frame.header.seq, frame.body);
      } catch (error) {
        abort(error instanceof TunnelError ? error : new TunnelError('flow', reasonOf(error)));
      }
    },
  };
}
