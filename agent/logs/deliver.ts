import type { Clock } from '../../src/core/clock.ts';
import { reasonOf } from '../../src/core/errors.ts';
import { backoffDelay, parseRetryAfter } from '../../src/core/retry.ts';
import type { Logger } from '../part.ts';
import type { Batch } from './batch.ts';
import { type Refusal, readBulkAnswer } from './bulk.ts';
import type { DeadLetterFile } from './deadletter.ts';
import { type Answer, Engine } from './engine.ts';
import { bodyLimit } from './layout.ts';
import type { LogTarget } from './types.ts';

const backoff = { base: 500, cap: 15_000 };
/** No server is believed when it asks for a longer pause. */
const retryAfterLimit = 5 * 60_000;
const smallestLimit = 64 * 1024;

/** Records of a batch that are sent together: a range, or what an answer left over. */
interface Piece {
  readonly indexes: readonly number[] | undefined;
  readonly from: number;
  readonly to: number;
}

const countOf = (piece: Piece): number => piece.indexes?.length ?? piece.to - piece.from;

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly deadLetters: DeadLetterFile;
}

/**
 * Delivers batches until each record is in the index or among the dead letters, however long it takes; only the signal
 * ends it earlier. Target and credentials may change meanwhile.
 */
export class Delivery {
  delivered = 0;
  retried = 0;
  dead = 0;
  /** Why nothing gets through at present; undefined while it does. */
  trouble: string | undefined;
  /** Wall clock of the last acknowledgement. */
  lastSuccess: number | undefined;
  /** Bodies are kept below this, once an engine found a larger one too large. */
  limit = bodyLimit;

  private readonly deps: DeliveryDeps;
  private engine: Engine;
  private renames: Readonly<Record<string, string>>;
  private hasTemplate = false;
  /** Aborted when settings change: whoever waits before trying again tries at once. */
  private patience = new AbortController();

  constructor(deps: DeliveryDeps, target: LogTarget, gzip: boolean, renames: Readonly<Record<string, string>>) {
    this.deps = deps;
    this.engine = new Engine(target, gzip);
    this.renames = renames;
  }

  /** Takes a new target from the next request on; what is under way ends where it began. */
  configure(target: LogTarget, gzip: boolean, renames: Readonly<Record<string, string>>): void {
    const before = this.engine;
    this.engine = new Engine(target, gzip);
    this.renames = renames;
    this.hasTemplate = false;
    this.limit = bodyLimit;
    this.patience.abort();
    this.patience = new AbortController();
    void before.close();
  }

  async destroy(): Promise<void> {
    await this.engine.destroy();
  }

  /** Rejects with the signal's reason alone. */
  async send<T>(batch: Batch<T>, signal: AbortSignal): Promise<void> {
    const pieces: Piece[] = [{ indexes: undefined, from: 0, to: batch.count }];
    let attempt = 0;
    for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
      signal.throwIfAborted();
      await this.offerTemplate(signal);
      const { engine } = this;
      const body = bodyOf(batch, piece);
      const answer = await engine.bulk(body, signal).catch((error: unknown) => reasonOf(error));
      signal.throwIfAborted();
      const settled =
        typeof answer !== 'string' && answer.status < 300 ? readBulkAnswer(answer.body, countOf(piece)) : undefined;
      if (settled) {
        for (const refusal of settled.refused) await this.bury(batch, indexAt(piece, refusal.index), refusal);
        const done = countOf(piece) - settled.again.length;
        this.delivered += done - settled.refused.length;
        if (done > 0) this.succeed();
        if (settled.again.length === 0) {
          attempt = 0;
          continue;
        }
        const rest = piece;
        pieces.unshift({ indexes: settled.again.map((index) => indexAt(rest, index)), from: 0, to: 0 });
        this.retried += settled.again.length;
        if (done > 0) attempt = 0;
        await this.pause(engine, attempt++, `the engine put records off: ${settled.trouble}`, answer, signal);
        continue;
      }
      if (typeof answer !== 'string' && isTooMuch(answer)) {
        await this.divide(batch, piece, body.length, answer, pieces);
        continue;
      }
      pieces.unshift(piece);
      this.retried += countOf(piece);
      await this.pause(engine, attempt++, describe(answer, engine.url), answer, signal);
    }
  }

  /** Halves what was too large or could not be read as a whole; a record alone is buried. */
  private async divide<T>(batch: Batch<T>, piece: Piece, size: number, answer: Answer, pieces: Piece[]): Promise<void> {
    if (answer.status === 413) this.limit = Math.max(smallestLimit, Math.min(this.limit, Math.floor(size / 2)));
    const count = countOf(piece);
    if (count === 1) {
      const reason = answer.body.toString('utf8', 0, 500) || 'refused without a reason';
      await this.bury(batch, indexAt(piece, 0), { index: 0, status: answer.status, reason });
      return;
    }
    const half = Math.ceil(count / 2);
    const part = (from: number, to: number): Piece =>
      piece.indexes
        ? { indexes: piece.indexes.slice(from, to), from: 0, to: 0 }
        : { indexes: undefined, from: piece.from + from, to: piece.from + to };
    pieces.unshift(part(0, half), part(half, count));
  }

  private async bury<T>(batch: Batch<T>, index: number, refusal: Refusal): Promise<void> {
    const { clock, deadLetters, logger } = this.deps;
    this.dead++;
    try {
      await deadLetters.add(batch.slice(index, index + 1), refusal, this.engine.target.index, clock.now());
    } catch (error) {
      logger.error('cannot keep a dead letter', { path: deadLetters.path, reason: reasonOf(error) });
    }
    logger.warn('a log record was refused and put among the dead letters', {
      status: refusal.status,
      reason: refusal.reason,
    });
  }

  private succeed(): void {
    this.lastSuccess = this.deps.clock.now();
    if (this.trouble !== undefined) this.deps.logger.info('logs are delivered again');
    this.trouble = undefined;
  }

  private async pause(
    engine: Engine,
    attempt: number,
    trouble: string,
    answer: Answer | string,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, logger, random } = this.deps;
    if (this.trouble !== trouble) logger.warn('logs are not delivered', { reason: trouble });
    this.trouble = trouble;
    // Another address is tried at once; only when all have failed it is time to wait.
    const elsewhere = typeof answer === 'string' || answer.status >= 500;
    if (elsewhere && engine === this.engine && !engine.failover()) return;
    const asked = typeof answer === 'string' ? undefined : parseRetryAfter(answer.retryAfter, clock.now());
    const delay = backoffDelay(attempt, backoff, random, Math.min(asked ?? 0, retryAfterLimit));
    await clock.sleep(delay, AbortSignal.any([signal, this.patience.signal])).catch(() => signal.throwIfAborted());
  }

  /** Offers our template once to each target; one that may or can not take it goes without. */
  private async offerTemplate(signal: AbortSignal): Promise<void> {
    if (this.hasTemplate) return;
    this.hasTemplate = true;
    const { engine } = this;
    const answer = await engine.installTemplate(this.renames, signal).catch(() => undefined);
    // Not reached, or not ready: asked again before the next attempt.
    if (answer === undefined || answer.status >= 500 || answer.status === 429)
      this.hasTemplate = engine !== this.engine;
  }
}

/** A body too large, or one that the engine itself (no proxy before it) cannot read: one record may spoil it. */
const isTooMuch = ({ status, body }: Answer): boolean => status === 413 || (status === 400 && body.includes('"error"'));

const indexAt = (piece: Piece, index: number): number => piece.indexes?.[index] ?? piece.from + index;

function bodyOf<T>(batch: Batch<T>, piece: Piece): Buffer {
  if (!piece.indexes) return batch.slice(piece.from, piece.to);
  return Buffer.concat(piece.indexes.map((index) => batch.slice(index, index + 1)));
}

function describe(answer: Answer | string, url: string): string {
  if (typeof answer === 'string') return `${url}: ${answer}`;
  if (answer.status === 401 || answer.status === 403)
    return `${url} refuses the account of the log intake (${answer.status})`;
  if (answer.status < 300) return `${url} answers what no log engine answers`;
  return `${url} answers ${answer.status}`;
}
