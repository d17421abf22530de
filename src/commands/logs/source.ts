import type { Client } from '../../api/client.ts';
import type { ClusterPlace } from '../../api/clusters.ts';
import type { LogPage, LogRecord } from '../../contract/logs.ts';
import type { Level } from '../../core/levels.ts';
import { isAtLeast, parseLevel } from '../../core/levels.ts';
import { epochToMs } from '../../core/time.ts';

export interface LogFilter {
  /** This level or worse. */
  readonly level: Level | undefined;
  /** A substring in any case. */
  readonly text: string | undefined;
  readonly node: string | undefined;
}

/** True for a record that the filter wants; the server's own filtering is not published, so all is checked here. */
export function matches({ level, msg, node }: LogRecord, filter: LogFilter): boolean {
  if (filter.level !== undefined) {
    const known = parseLevel(level);
    // A level that nobody knows is shown: hiding an error for its spelling would be worse.
    if (known !== undefined && !isAtLeast(known, filter.level)) return false;
  }
  if (filter.node !== undefined && node !== filter.node) return false;
  return filter.text === undefined || msg.toLowerCase().includes(filter.text.toLowerCase());
}

/** Seconds since the epoch, both ends included; undefined is open. */
export interface Range {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export interface Ask extends Range {
  readonly cursor?: string;
  readonly order: 'asc' | 'desc';
  readonly size: number;
  readonly offset: number;
}

/** The log of one cluster. */
export interface LogSource {
  /** Name of the cluster, for the reader. */
  readonly name: string;
  readonly filter: LogFilter;
  /** `narrow` lets the server filter too; only ours is known to do it as we understand it. */
  query(ask: Ask, narrow: boolean, signal: AbortSignal): Promise<LogPage>;
}

export const pageSize = 100;

export function logSource(client: Client, name: string, at: ClusterPlace, filter: LogFilter): LogSource {
  return {
    name,
    filter,
    query: ({ start, end, ...rest }, narrow, signal) =>
      client.logs.query(
        at,
        {
          clusterId: at.clusterId,
          ...(start !== undefined && { start }),
          ...(end !== undefined && { end }),
          ...(narrow && {
            level: filter.level ?? '',
            msg: filter.text ?? '',
            ...(filter.node && { node: filter.node }),
          }),
          sort: 'time',
          ...rest,
        },
        signal,
      ),
  };
}

export function byTime(a: LogRecord, b: LogRecord): number {
  return epochToMs(a.time) - epochToMs(b.time);
}
