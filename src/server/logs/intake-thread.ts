import { gunzipSync } from 'node:zlib';
import { reasonOf } from '../../core/errors.ts';
import type { BulkItem } from './bulk.ts';
import { bulkAnswer, failureBody, MalformedBulk, readBulk } from './bulk.ts';
import type { BulkCall, BulkReply } from './protocol.ts';
import type { Retainer } from './retention.ts';
import { chunk } from './retention.ts';
import type { LogWriter } from './writer.ts';

/** A small body that swells to a huge one is refused before it has. */
const openedLimit = 64 * 1024 * 1024;
/** Documents that go into one transaction, roughly; more calls wait for the next. */
const together = 8000;

interface Job {
  readonly call: BulkCall;
  readonly arrivedAt: number;
  readonly reply: (reply: BulkReply) => void;
}

interface Opened extends Job {
  readonly items: readonly BulkItem[];
  readonly bytes: number;
}

/**
 * The intake's own thread. Calls that wait share a transaction, because one sync of the disk for all costs as much as
 * one for each.
 */
export class IntakeThread {
  readonly #writer: LogWriter;
  readonly #retainer: Retainer;
  readonly #now: () => number;
  readonly #waiting: Job[] = [];
  #scheduled = false;

  constructor(writer: LogWriter, retainer: Retainer, now: () => number) {
    this.#writer = writer;
    this.#retainer = retainer;
    this.#now = now;
  }

  bulk(call: BulkCall, reply: (reply: BulkReply) => void): void {
    this.#waiting.push({ call, arrivedAt: performance.now(), reply });
    this.#schedule();
  }

  /** Deletes what is too much for as long as nothing else waits. */
  retain(): void {
    const step = () => {
      if (this.#waiting.length === 0 && this.#retainer.step(this.#now())) setImmediate(step);
    };
    step();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#drain();
      this.#schedule();
    });
  }

  #drain(): void {
    const jobs: Opened[] = [];
    let documents = 0;
    for (let job = this.#waiting.shift(); job; job = documents < together ? this.#waiting.shift() : undefined) {
      const opened = open(job);
      if (!opened) continue;
      jobs.push(opened);
      documents += opened.items.length;
    }
    if (jobs.length === 0) return;
    this.#answer(jobs);
    // Under full load the deleting keeps up with the writing: twice as much goes as came, until it is enough.
    for (let left = documents; left > 0 && this.#retainer.step(this.#now()); left -= chunk / 2);
  }

  #answer(jobs: readonly Opened[]): void {
    try {
      const fates = this.#writer.write(jobs.map(({ call, items }) => ({ clusterId: call.clusterId, items })));
      for (const [at, { items, bytes, arrivedAt, reply }] of jobs.entries()) {
        const took = Math.round(performance.now() - arrivedAt);
        reply({ status: 200, body: json(bulkAnswer(items, fates[at] ?? [], took)), bytes });
      }
    } catch (error) {
      for (const { reply } of jobs) reply(refusal(503, 'unavailable_shards_exception', reasonOf(error)));
    }
  }
}

/** The call with its body read; undefined when it was answered because it cannot be. */
function open(job: Job): Opened | undefined {
  try {
    const { body, gzip, index } = job.call;
    const plain = gzip ? gunzip(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (plain.length === 0) throw new MalformedBulk('request body is required');
    return { ...job, items: readBulk(plain.toString('utf8'), index), bytes: plain.length };
  } catch (error) {
    if (error instanceof MalformedBulk) job.reply(refusal(error.status, 'illegal_argument_exception', error.message));
    else job.reply(refusal(500, 'exception', reasonOf(error)));
    return undefined;
  }
}

function gunzip(body: Uint8Array): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: openedLimit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new MalformedBulk(`the body is over ${openedLimit} bytes`, 413);
    }
    throw new MalformedBulk(`the body is not gzip: ${reasonOf(error)}`);
  }
}

function refusal(status: number, type: string, reason: string): BulkReply {
  return { status, body: json(failureBody(status, type, reason)), bytes: 0 };
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
