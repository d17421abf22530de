import type { LogPage, LogQuery } from './query.ts';
import type { Retention } from './retention.ts';

/** How the threads of the log are started. */
export interface WorkerSetup {
  readonly role: 'write' | 'read';
  readonly path: string;
  readonly retention: Retention;
}

/** A bulk call as it came over HTTP. */
export interface BulkCall {
  readonly clusterId: string;
  readonly index: string;
  readonly body: Uint8Array;
  readonly gzip: boolean;
}

/** The answer to it, as it goes back. */
export interface BulkReply {
  readonly status: number;
  readonly body: Uint8Array;
  /** Bytes of the body as they were before compression; what a quota counts. */
  readonly bytes: number;
}

/** Everything the threads can be asked, by name. */
export interface Calls {
  bulk: { readonly ask: BulkCall; readonly answer: BulkReply };
  query: { readonly ask: LogQuery; readonly answer: LogPage };
  dropCluster: { readonly ask: { readonly clusterId: string }; readonly answer: null };
  close: { readonly ask: null; readonly answer: null };
}
export type CallName = keyof Calls;

export type Request = {
  [Name in CallName]: { readonly n: number; readonly name: Name; readonly ask: Calls[Name]['ask'] };
}[CallName];

/** A failure keeps its code over the border between threads; everything else is a sentence. */
export type Reply =
  | { readonly ready: true }
  | { readonly n: number; readonly answer: unknown }
  | {
      readonly n: number | undefined;
      readonly failure: { code: string; values: Record<string, unknown> } | { message: string };
    };
