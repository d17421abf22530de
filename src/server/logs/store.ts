import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metadata } from '../../contract/agent.ts';
import type { BulkCall, BulkReply } from './protocol.ts';
import type { LogPage, LogQuery } from './query.ts';
import type { Retention } from './retention.ts';
import { LogThread } from './thread.ts';

/** Where the log of all clusters is asked for. */
export interface LogStore {
  /** Failures: `conflict` for a cursor whose place is gone, `invalid_value` for one that is none. */
  query(query: LogQuery): Promise<LogPage>;
  /** Where agents send to, when that is not this server. */
  readonly intake?: Metadata['elasticsearch'];
  /** Whether it answered when it was last asked. */
  isUp(): boolean;
  /** Deletes what is more than may be kept; a log of our own does so by itself. */
  retain?(now: number): Promise<void>;
  /** Deletes what a cluster has left. */
  dropCluster(clusterId: string): Promise<void>;
  close(): Promise<void>;
}

/** A log of our own, which takes documents in as Elasticsearch does. */
export interface OwnLog extends LogStore {
  bulk(call: BulkCall): Promise<BulkReply>;
}

export interface LogOptions {
  /** Undefined: in a directory that goes with the process. */
  readonly directory: string | undefined;
  readonly retention: Retention;
}

export const retentionDefaults: Retention = { days: 7, bytes: 10 * 1024 ** 3 };

/** Opens the log in SQLite, with a thread that writes and one that reads. */
export async function openLogStore({ directory, retention }: LogOptions): Promise<OwnLog> {
  const place = directory ?? mkdtempSync(join(tmpdir(), 'ecpctl-logs-'));
  const path = join(place, 'logs.db');
  const writing = new LogThread({ role: 'write', path, retention });
  const reading = new LogThread({ role: 'read', path, retention });
  const close = async (): Promise<void> => {
    await reading.close();
    await writing.close();
    if (directory === undefined) rmSync(place, { recursive: true, force: true });
  };
  await writing.start();
  await reading.start();
  return {
    bulk: (call) => writing.ask('bulk', call, transferable(call.body)),
    isUp: () => true,
    query: (query) => reading.ask('query', query),
    dropCluster: async (clusterId) => void (await writing.ask('dropCluster', { clusterId })),
    close,
  };
}

/** Bytes that are alone in their memory are handed over; a view into shared memory has to be copied. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
