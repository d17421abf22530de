import { levels } from '../../core/levels.ts';
import { openFile } from '../store/open.ts';
import type { LogDocument } from './document.ts';

/** A document on its way in. */
export interface Arrival {
  readonly clusterId: string;
  readonly id: string;
  readonly document: LogDocument;
  /** `index` of the bulk call: takes the place of one with the same id, where `create` leaves that as it is. */
  readonly replace: boolean;
}

export type Fate = 'created' | 'updated' | 'exists';

export interface StoredRecord {
  /** Place in the order of arrival. */
  readonly seq: number;
  readonly clusterId: string;
  /** Milliseconds. */
  readonly time: number;
  readonly level: string;
  readonly node: string;
  readonly dataset: string;
  readonly message: string;
}

export interface LogFilter {
  readonly clusterIds: readonly string[];
  /** Milliseconds, both included. */
  readonly from: number;
  readonly to: number;
  /** This level or worse. */
  readonly level: (typeof levels)[number];
  /** A substring in any case; empty for all. */
  readonly text: string;
  readonly node: string;
}

export interface LogOrder {
  /** Only what arrived after this place, in the order of arrival. */
  readonly after: number | undefined;
  readonly descending: boolean;
  readonly size: number;
  readonly offset: number;
}

export interface LogStore {
  /** Writes all or nothing; what is answered is on the disk. */
  append(arrivals: readonly Arrival[]): Promise<readonly Fate[]>;
  query(
    filter: LogFilter,
    order: LogOrder,
  ): Promise<{ readonly total: number; readonly records: readonly StoredRecord[] }>;
  dropCluster(clusterId: string): Promise<void>;
  close(): Promise<void>;
}

const schema = `
  CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, cluster_id TEXT NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL,
    level INTEGER NOT NULL, node TEXT NOT NULL, dataset TEXT NOT NULL, message TEXT NOT NULL, folded TEXT) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS records_id ON records (cluster_id, id);
  CREATE INDEX IF NOT EXISTS records_time ON records (cluster_id, time, seq);`;

/** Log records in a SQLite file of their own, so that neither their size nor their damage touches the state. */
export function openLogStore(path: string): LogStore {
  const file = openFile(path);
  file.exec(schema);
  const insert = file.prepare(
    `INSERT INTO records (cluster_id, id, time, level, node, dataset, message, folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (cluster_id, id) DO NOTHING`,
  );
  const replace = file.prepare(
    `UPDATE records SET time = ?, level = ?, node = ?, dataset = ?, message = ?, folded = ? WHERE cluster_id = ? AND id = ?`,
  );

  function write({ clusterId, id, document, replace: mayReplace }: Arrival): Fate {
    const { time, level, node, dataset, message } = document;
    const values = [time, levels.indexOf(level), node, dataset, message, fold(message)];
    if (insert.run([clusterId, id, ...values]).changes > 0) return 'created';
    if (!mayReplace) return 'exists';
    replace.run([...values, clusterId, id]);
    return 'updated';
  }

  return {
    async append(arrivals) {
      file.exec('BEGIN IMMEDIATE');
      try {
        const fates = arrivals.map(write);
        file.exec('COMMIT');
        return fates;
      } catch (error) {
        file.exec('ROLLBACK');
        throw error;
      }
    },
    async query(filter, order) {
      if (filter.clusterIds.length === 0) return { total: 0, records: [] };
      const { where, values } = conditions(filter, order.after);
      const [count] = file.query(`SELECT count(*) AS total FROM records WHERE ${where}`, ...values);
      const way = order.descending ? 'DESC' : 'ASC';
      const by = order.after === undefined ? `time ${way}, seq ${way}` : 'seq';
      const rows = file.query(
        `SELECT seq, cluster_id, time, level, node, dataset, message FROM records WHERE ${where}
         ORDER BY ${by} LIMIT ? OFFSET ?`,
        ...values,
        order.size,
        order.offset,
      );
      return {
        total: Number(count?.total),
        records: rows.map((row) => ({
          seq: Number(row.seq),
          clusterId: String(row.cluster_id),
          time: Number(row.time),
          level: levels[Number(row.level)] ?? 'info',
          node: String(row.node),
          dataset: String(row.dataset),
          message: String(row.message),
        })),
      };
    },
    async dropCluster(clusterId) {
      file.query('DELETE FROM records WHERE cluster_id = ?', clusterId);
    },
    async close() {
      file.query('PRAGMA wal_checkpoint(TRUNCATE)');
      file.close();
    },
  };
}

function conditions(filter: LogFilter, after: number | undefined): { where: string; values: (string | number)[] } {
  const parts: [string, ...(string | number)[]][] = [
    [`cluster_id IN (${filter.clusterIds.map(() => '?').join(', ')})`, ...filter.clusterIds],
    ['time BETWEEN ? AND ?', filter.from, filter.to],
    ['level >= ?', levels.indexOf(filter.level)],
  ];
  if (filter.node !== '') parts.push(['node = ?', filter.node]);
  if (after !== undefined) parts.push(['seq > ?', after]);
  if (filter.text !== '') parts.push([`coalesce(folded, message) LIKE ? ESCAPE '\\'`, pattern(filter.text)]);
  return { where: parts.map(([sql]) => sql).join(' AND '), values: parts.flatMap(([, ...values]) => values) };
}

/** SQLite folds the case of ASCII alone: a text with other letters that have case is stored folded as well. */
function fold(message: string): string | null {
  const folded = message.toLowerCase();
  return /\P{ASCII}/u.test(message) && folded !== message ? folded : null;
}

function pattern(text: string): string {
  return `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
}
