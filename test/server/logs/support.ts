import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BulkItem } from '../../../src/server/logs/bulk.ts';
import type { LogDocument } from '../../../src/server/logs/document.ts';
import type { LogPage, LogQuery } from '../../../src/server/logs/query.ts';
import { LogReader } from '../../../src/server/logs/reader.ts';
import type { Retention } from '../../../src/server/logs/retention.ts';
import { Retainer } from '../../../src/server/logs/retention.ts';
import { openForReading, openForWriting } from '../../../src/server/logs/schema.ts';
import { LogWriter } from '../../../src/server/logs/writer.ts';

export interface OpenLog {
  readonly path: string;
  readonly retainer: Retainer;
  now: number;
  write(clusterId: string, documents: readonly Partial<LogDocument>[], ids?: readonly (string | undefined)[]): string[];
  ask(query?: Partial<LogQuery>): LogPage;
  messages(query?: Partial<LogQuery>): string[];
  /** As if so many records had arrived and gone. */
  jump(arrivals: number): void;
  close(): void;
}

export const start = Date.UTC(2026, 0, 1);

export const everything: LogQuery = {
  clusterIds: ['one'],
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
  level: 'debug',
  text: '',
  node: '',
  cursor: undefined,
  descending: false,
  size: 100,
  offset: 0,
};

/** Both halves of the log in this thread, on one file. */
export function openLog(retention: Retention = { days: 7, bytes: 1024 ** 3 }): OpenLog {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  const path = join(directory, 'logs.db');
  const file = openForWriting(path);
  const log = {
    path,
    now: start,
    write(clusterId: string, documents: readonly Partial<LogDocument>[], ids: readonly (string | undefined)[] = []) {
      const items = documents.map((document, at): BulkItem => {
        const id = ids[at];
        return {
          action: 'create',
          index: 'emqx-logs',
          id: id ?? `${Math.random()}`,
          isNew: id === undefined,
          document: { time: start, level: 'info', node: 'n1', dataset: 'emqx.log', message: 'x', ...document },
          error: undefined,
        };
      });
      return writer.write([{ clusterId, items }])[0] ?? [];
    },
    ask: (query: Partial<LogQuery> = {}) => reader.query({ ...everything, ...query }),
    messages: (query?: Partial<LogQuery>) => log.ask(query).records.map(({ message }) => message),
    jump: (arrivals: number) => {
      file.query(`UPDATE facts SET value = ? WHERE name = 'arrivals'`, arrivals);
      writer = new LogWriter(file, retention.bytes, () => log.now);
    },
    close: () => {
      read.close();
      file.close();
      rmSync(directory, { recursive: true });
    },
  };
  let writer = new LogWriter(file, retention.bytes, () => log.now);
  const read = openForReading(path);
  const reader = new LogReader(read, () => performance.now());
  return Object.assign(log, { retainer: new Retainer(file, writer, retention) });
}
