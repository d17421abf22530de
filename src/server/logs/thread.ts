import { Worker } from 'node:worker_threads';
import type { ErrorCode, FailureValues } from '../../core/errors.ts';
import { Failure } from '../../core/errors.ts';
import type { CallName, Calls, Reply, WorkerSetup } from './protocol.ts';

/** Where the bundle of `worker.ts` lies, seen from the bundle of this file; put in by the build and by vitest. */
declare const __LOG_WORKER__: string;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** One thread of the log. When it dies, what it was asked fails, and the next question starts another. */
export class LogThread {
  readonly #setup: WorkerSetup;
  #worker: Promise<Worker> | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #n = 0;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
  }

  /** Resolves when it can be asked; rejects with what is wrong with the file. */
  async start(): Promise<void> {
    await this.#started();
  }

  async ask<Name extends CallName>(
    name: Name,
    ask: Calls[Name]['ask'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Calls[Name]['answer']> {
    const worker = await this.#started();
    return new Promise((resolve, reject) => {
      const n = this.#n++;
      this.#waiting.set(n, { resolve, reject });
      worker.postMessage({ n, name, ask }, transfer);
    });
  }

  async close(): Promise<void> {
    if (!this.#worker) return;
    const worker = await this.#worker;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    await this.ask('close', null);
    await ended;
  }

  #started(): Promise<Worker> {
    this.#worker ??= new Promise((resolve, reject) => {
      const worker = new Worker(new URL(__LOG_WORKER__, import.meta.url), {
        workerData: this.#setup,
        execArgv: [],
        name: `log-${this.#setup.role}`,
      });
      worker.on('message', (message: Reply) => {
        if ('ready' in message) resolve(worker);
        else if (message.n === undefined) reject(failureOf(message));
        else this.#settle(message.n, message);
      });
      let cause: unknown;
      worker.once('error', (error) => {
        cause = error;
      });
      worker.once('exit', () => {
        const error = new Failure('not_available', { what: 'the log', reason: 'its thread has ended' }, { cause });
        this.#worker = undefined;
        reject(error);
        for (const { reject: fail } of this.#waiting.values()) fail(error);
        this.#waiting.clear();
      });
    });
    return this.#worker;
  }

  #settle(n: number, message: Exclude<Reply, { ready: true }>): void {
    const waiting = this.#waiting.get(n);
    this.#waiting.delete(n);
    if ('answer' in message) waiting?.resolve(message.answer as never);
    else waiting?.reject(failureOf(message));
  }
}

function failureOf(message: Exclude<Reply, { ready: true }>): Error {
  if (!('failure' in message)) return new Error('the thread answered out of turn');
  const { failure } = message;
  if ('message' in failure) return new Error(failure.message);
  return new Failure(failure.code as ErrorCode, failure.values as FailureValues);
}
