import { BodyReader, Credit, sendBody } from '../../contract/frame-body.ts';
import type { Frame, FrameOf, RequestHeader } from '../../contract/frames.ts';
import { encodeFrame, TunnelError, tunnelLimits } from '../../contract/frames.ts';

/** A request to EMQX's own API through an agent. */
export interface TunnelRequest {
  readonly method: RequestHeader['method'];
  /** Path and query below the registered EMQX address, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes at once, or as they come. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Milliseconds for the whole exchange, its body included. */
  readonly deadlineMs: number;
}

export interface TunnelAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to its end, or left early: then the agent is told to stop. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A little longer than the agent's own deadline, so that its word on what happened comes first. */
const deadlineSlackMs = 1_000;

/**
 * The requester's half of one exchange (docs/tunnel.md). `done` is called exactly once, when nothing more of it can
 * come.
 */
export class Exchange {
  readonly id: string;
  readonly answer: Promise<TunnelAnswer>;
  readonly #send: (frame: Buffer) => void;
  readonly #done: () => void;
  readonly #signal: AbortSignal;
  readonly #credit = new Credit();
  /** Ends the sending of the request's body. */
  readonly #sending = new AbortController();
  readonly #deadline: NodeJS.Timeout;
  #resolve: (answer: TunnelAnswer) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #reader: BodyReader | undefined;
  #over = false;

  constructor(
    id: string,
    request: TunnelRequest,
    send: (frame: Buffer) => void,
    done: () => void,
    signal: AbortSignal,
  ) {
    this.id = id;
    this.#send = send;
    this.#done = done;
    this.#signal = signal;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const deadlineMs = Math.min(request.deadlineMs, tunnelLimits.deadlineMs);
    this.#deadline = setTimeout(() => {
      this.#cancel(new TunnelError('deadline', `no whole answer within ${deadlineMs / 1000} s`));
    }, deadlineMs + deadlineSlackMs);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    else this.#begin(request, deadlineMs);
  }

  /** Takes a frame that the agent sent for this exchange. */
  receive(frame: Frame): void {
    switch (frame.kind) {
      case 'response':
        this.#respond(frame);
        break;
      case 'data':
        if ('credit' in frame.header) this.#credit.grant(frame.header.credit);
        else this.#body().push(frame.header.seq, frame.body);
        break;
      case 'end':
        this.#body().end(frame.header.seq);
        this.#finish();
        break;
      case 'error':
        this.fail(new TunnelError(frame.header.code, frame.header.message));
        break;
      default:
        throw new TunnelError('bad_frame', `a ${frame.kind} frame from an agent`);
    }
  }

  /** Ends the exchange with an error, the agent not being told. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#reject(error);
    this.#reader?.fail(error);
    this.#finish();
  }

  /** The same, and tells the agent to stop. */
  abandon(error: unknown): void {
    this.#cancel(error);
  }

  #respond({ header, body }: FrameOf<'response'>): void {
    // At least once: a second one is the first again.
    if (this.#reader) return;
    const reader = new BodyReader((credit) => this.#send(encodeFrame('data', this.id, { credit })));
    this.#reader = reader;
    this.#resolve({ status: header.status, headers: header.headers, body: this.#read(reader, body) });
    if (header.more) return;
    reader.end(0);
    this.#finish();
  }

  #body(): BodyReader {
    if (!this.#reader) throw new TunnelError('flow', 'a body came before its response');
    return this.#reader;
  }

  #begin(request: TunnelRequest, deadlineMs: number): void {
    const { method, path, headers, body } = request;
    const header = { method, path, headers: { ...headers }, deadlineMs };
    const whole = body === undefined || (body instanceof Uint8Array && body.length <= tunnelLimits.chunk);
    try {
      this.#send(
        whole
          ? encodeFrame('request', this.id, header, body)
          : encodeFrame('request', this.id, { ...header, more: true }),
      );
    } catch (error) {
      this.fail(error);
      return;
    }
    if (whole) return;
    const pieces = body instanceof Uint8Array ? one(body) : body;
    const frames = {
      data: (seq: number, bytes: Uint8Array) => this.#send(encodeFrame('data', this.id, { seq }, bytes)),
      end: (seq: number) => this.#send(encodeFrame('end', this.id, { seq })),
    };
    sendBody(pieces, this.#credit, frames, this.#sending.signal).catch((error: unknown) => {
      if (!this.#sending.signal.aborted) this.#cancel(error);
    });
  }

  async *#read(reader: BodyReader, first: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (first.length > 0) yield first;
      yield* reader;
    } finally {
      // Left before the end: whoever asked has gone.
      this.#cancel(new TunnelError('cancelled', 'the answer was not read to its end'));
    }
  }

  readonly #onAbort = (): void => {
    this.#cancel(new TunnelError('cancelled', 'the caller has gone'));
  };

  #cancel(error: unknown): void {
    if (this.#over) return;
    this.#send(encodeFrame('cancel', this.id, {}));
    this.fail(error);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#sending.abort();
    this.#done();
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
