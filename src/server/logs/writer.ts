import { createHash } from 'node:crypto';
import { levels } from '../../core/levels.ts';
import type { Sqlite } from '../store/sqlite.ts';
import type { BulkItem, Fate } from './bulk.ts';
import type { LogDocument } from './document.ts';
import { createText, recordId, textTable } from './schema.ts';
import { isWide } from './text.ts';

/** Documents of one bulk call. */
export interface Intake {
  readonly clusterId: string;
  readonly items: readonly BulkItem[];
}

/** Characters whose trigrams go into one table, at the most. */
const textSpan = 128 * 1024 * 1024;
/** What a message has on average, for a table that was begun before the start. */
const usualMessage = 240;
/** Streams one cluster may have; further nodes and data sets share one. */
const mostStreams = 1000;
const hourMs = 3_600_000;

/** The one writer of the log. Every method is one transaction, and on the disk when it returns. */
export class LogWriter {
  readonly #file: Sqlite;
  readonly #now: () => number;
  readonly #insert: Statement;
  readonly #delete: Statement;
  readonly #textSpan: number;
  #arrival = 0;
  #text = { n: 0, chars: 0 };
  #index: Statement;
  /** Ids of records of this transaction whose text is not indexed yet. */
  readonly #unindexed: bigint[] = [];
  #hour = 0;
  readonly #clusters = new Map<string, number>();
  readonly #streams = new Map<string, number>();

  /** `mostBytes`: what the whole log may take; a fraction of it goes at once when it is full. */
  constructor(file: Sqlite, mostBytes: number, now: () => number) {
    this.#file = file;
    this.#now = now;
    this.#textSpan = Math.min(textSpan, mostBytes / 40);
    this.#index = this.#load();
    this.#insert = file.prepare(
      `INSERT INTO records (id, stream, arrival, document, message) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (document) WHERE document IS NOT NULL DO NOTHING`,
    );
    this.#delete = file.prepare('DELETE FROM records WHERE document = ?');
  }

  /** Takes documents in; for each call the fates of its documents. All or nothing. */
  write(intakes: readonly Intake[]): Fate[][] {
    return this.transaction(() => {
      this.#beginHour();
      const fates = intakes.map(({ clusterId, items }) => {
        const cluster = this.#cluster(clusterId);
        return items.flatMap((item) => (item.document ? [this.#put(cluster, item, item.document)] : []));
      });
      this.#indexTexts();
      this.#file.query(`UPDATE facts SET value = ? WHERE name = 'arrivals'`, this.#arrival);
      return fates;
    });
  }

  /** Runs `work` in a transaction; after a failure nothing of it is left, in memory neither. */
  transaction<T>(work: () => T): T {
    this.#file.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#file.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself rolls back where it could not write.
      if (this.#file.inTransaction) this.#file.exec('ROLLBACK');
      this.#index = this.#load();
      throw error;
    }
  }

  /** Reads what is kept in memory from the file: at the start, and after a transaction that never was. */
  #load(): Statement {
    this.forget();
    this.#unindexed.length = 0;
    this.#arrival = this.#fact('arrivals');
    const [newest] = this.#file.query('SELECT n, first FROM texts ORDER BY n DESC LIMIT 1');
    if (!newest) return this.#beginText(1, this.#arrival + 1);
    this.#text = { n: Number(newest.n), chars: (this.#arrival + 1 - Number(newest.first)) * usualMessage };
    return this.#indexing();
  }

  /** Drops what is known of clusters and streams; to be called when some of them were deleted. */
  forget(): void {
    this.#clusters.clear();
    this.#streams.clear();
    this.#hour = 0;
  }

  #put(cluster: number, item: BulkItem, document: LogDocument): Fate {
    const key = item.isNew ? null : documentKey(cluster, item.id);
    const replaced = key !== null && item.action === 'index' && this.#delete.run([key]).changes > 0;
    const arrival = this.#arrival + 1;
    const stream = this.#stream(cluster, document);
    const id = this.#insertAt(recordId(document.time, arrival), stream, arrival, key, document.message);
    if (id === undefined) return 'exists';
    this.#arrival = arrival;
    if (this.#text.chars >= this.#textSpan) {
      this.#indexTexts();
      this.#index = this.#beginText(this.#text.n + 1, arrival);
    }
    this.#text.chars += document.message.length;
    this.#unindexed.push(id);
    return replaced ? 'updated' : 'created';
  }

  #insertAt(id: bigint, stream: number, arrival: number, key: Buffer | null, message: string): bigint | undefined {
    for (let free = id; ; free++) {
      try {
        return this.#insert.run([free, stream, arrival, key, message]).changes > 0 ? free : undefined;
      } catch (error) {
        // Another record of that millisecond has the id: the next one is as good.
        if ((error as { code?: string }).code !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw error;
      }
    }
  }

  /**
   * All texts of a transaction by one statement, which is a fifth less work than one for each, and in the order of ids:
   * an id below the one before makes FTS5 write out what it has collected, however little that is.
   */
  #indexTexts(): void {
    const ids = BigInt64Array.from(this.#unindexed).sort();
    this.#unindexed.length = 0;
    if (ids.length > 0) this.#index.run([`[${ids.join()}]`]);
  }

  #beginText(n: number, first: number): Statement {
    createText(this.#file, n, first);
    this.#text = { n, chars: 0 };
    return this.#indexing();
  }

  #indexing(): Statement {
    return this.#file.prepare(
      `INSERT INTO ${textTable(this.#text.n)} (rowid, message)
       SELECT r.id, r.message FROM json_each(?) new CROSS JOIN records r ON r.id = new.value`,
    );
  }

  /** Remembers which arrival was the first of this hour: what is older than so many days is found by it. */
  #beginHour(): void {
    const hour = Math.floor(this.#now() / hourMs);
    if (hour === this.#hour) return;
    this.#file.query('INSERT INTO hours VALUES (?, ?) ON CONFLICT DO NOTHING', hour, this.#arrival + 1);
    this.#hour = hour;
  }

  #cluster(id: string): number {
    const known = this.#clusters.get(id);
    if (known !== undefined) return known;
    this.#file.query('INSERT INTO clusters (id) VALUES (?) ON CONFLICT DO NOTHING', id);
    const ref = Number(this.#file.query('SELECT ref FROM clusters WHERE id = ?', id)[0]?.ref);
    this.#clusters.set(id, ref);
    return ref;
  }

  #stream(cluster: number, { node, dataset, level, message }: LogDocument): number {
    const wide = isWide(message) ? 1 : 0;
    const key = `${cluster}\n${level}\n${wide}\n${dataset}\n${node}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const [{ count } = {}] = this.#file.query('SELECT count(*) AS count FROM streams WHERE cluster = ?', cluster);
    const values = [
      cluster,
      ...(Number(count) < mostStreams ? [node, dataset] : ['', '']),
      levels.indexOf(level),
      wide,
    ];
    const where = 'cluster = ? AND node = ? AND dataset = ? AND level = ? AND wide = ?';
    this.#file.query(
      'INSERT INTO streams (cluster, node, dataset, level, wide) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ...values,
    );
    const id = Number(this.#file.query(`SELECT id FROM streams WHERE ${where}`, ...values)[0]?.id);
    if (this.#streams.size >= 10 * mostStreams) this.#streams.clear();
    this.#streams.set(key, id);
    return id;
  }

  #fact(name: string): number {
    return Number(this.#file.query('SELECT value FROM facts WHERE name = ?', name)[0]?.value);
  }
}

type Statement = ReturnType<Sqlite['prepare']>;

/**
 * Ids are the cluster's own: what one writes can neither be seen nor hindered by another. The agent's ids are 128 bits
 * in base64url and stay what they are, so that neighbours in a file are neighbours in the index; others are hashed.
 */
function documentKey(cluster: number, id: string): Buffer {
  const key = Buffer.alloc(20);
  key.writeUInt32BE(cluster);
  if (/^[\w-]{21}[AQgw]$/.test(id)) key.write(id, 4, 'base64url');
  else createHash('sha256').update(id).digest().copy(key, 4, 0, 16);
  return key;
}
