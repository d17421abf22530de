import type { Level } from '../../core/levels.ts';

/** What is asked of the log, the same for every kind of store. */
export interface LogQuery {
  readonly clusterIds: readonly string[];
  /** Milliseconds, both included. */
  readonly from: number;
  readonly to: number;
  /** This level or worse. */
  readonly level: Level;
  /** A substring in any case; empty for all. */
  readonly text: string;
  /** An EMQX node; empty for all. */
  readonly node: string;
  /**
   * Only what arrived after the record with this cursor, in the order of arrival; empty: from the beginning. Without it
   * the order is that of time, then of arrival.
   */
  readonly cursor: string | undefined;
  /** By time only. */
  readonly descending: boolean;
  readonly size: number;
  readonly offset: number;
}

export interface StoredRecord {
  readonly clusterId: string;
  /** Milliseconds. */
  readonly time: number;
  readonly level: string;
  readonly node: string;
  readonly dataset: string;
  readonly message: string;
  readonly cursor: string;
}

export interface LogPage {
  /** Counted up to `mostCounted`, with a text up to `mostFound`; with a cursor and no text exact. */
  readonly total: number;
  readonly records: readonly StoredRecord[];
}

/** Elasticsearch's own limit for exact totals. */
export const mostCounted = 10_000;
/** The same where each record has to be looked into. */
export const mostFound = 1000;
