import { levels } from '../../core/levels.ts';
import type { Sqlite } from '../store/sqlite.ts';
import type { LogPage, LogQuery, StoredRecord } from './query.ts';
import { mostCounted, mostFound } from './query.ts';
import { begunAnew, mostMs, noCursor, tooBroad, tooOld } from './refusals.ts';
import { idsBetween, textTable, timeOfId } from './schema.ts';
import type { TextSearch } from './text.ts';
import { textSearch } from './text.ts';

interface Stream {
  readonly clusterId: string;
  readonly node: string;
  readonly dataset: string;
  readonly level: number;
}

interface Row {
  readonly id: bigint;
  readonly stream: number;
  readonly arrival: number;
  readonly message: string;
}

/** Which records: of these streams, with an id between these, that arrived after this one. */
interface Range {
  readonly streams: ReadonlyMap<number, Stream>;
  readonly ids: readonly [bigint, bigint];
  readonly after: number;
}

/** SQLite takes 500 parts in a compound; above that, most of the log is asked for anyway. */
const mostParts = 400;
/** So many records are looked through one by one before the index of the text is asked. */
const scanned = 20_000;

/** Queries of the log. Every path goes along an index in the order of the answer, and stops when the page is full. */
export class LogReader {
  readonly #file: Sqlite;
  readonly #monotonic: () => number;
  readonly #epoch: string;

  constructor(file: Sqlite, monotonic: () => number) {
    this.#file = file;
    this.#monotonic = monotonic;
    this.#epoch = String(this.#fact('epoch'));
  }

  query(query: LogQuery): LogPage {
    const after = query.cursor === undefined ? undefined : this.#readCursor(query.cursor);
    const search = textSearch(query.text);
    const range: Range = {
      streams: this.#streams(query, search?.wide ?? false),
      ids: idsBetween(query.from, query.to),
      after: after ?? 0,
    };
    if (range.streams.size === 0 || query.to < query.from) return { total: 0, records: [] };
    const { total, rows } = search
      ? this.#search(range, query, search, after !== undefined)
      : this.#list(range, query, after !== undefined);
    return { total, records: rows.map((row) => this.#show(range, row)) };
  }

  #list(range: Range, query: LogQuery, byArrival: boolean): { total: number; rows: Row[] } {
    const { size, offset } = query;
    const total = this.#count(range, byArrival ? Number.MAX_SAFE_INTEGER : mostCounted, byArrival);
    const order: Order = { by: byArrival ? 'arrival' : 'id', descending: !byArrival && query.descending };
    // From the nearer end: a reader who wants the last arrival asks for offset `total - 1`.
    if (!byArrival || offset < total / 2) return { total, rows: this.#rows(range, order, size, offset) };
    const here = Math.min(size, total - offset);
    if (here <= 0) return { total, rows: [] };
    return {
      total,
      rows: this.#rows(range, { ...order, descending: true }, here, total - offset - here).reverse(),
    };
  }

  #search(range: Range, query: LogQuery, search: TextSearch, byArrival: boolean): { total: number; rows: Row[] } {
    const order: Order = { by: byArrival ? 'arrival' : 'id', descending: !byArrival && query.descending };
    const { size, offset } = query;
    // The next query waits for this one.
    const deadline = this.#monotonic() + mostMs;
    const rows: Row[] = [];
    let found = 0;
    // With a cursor the total says no more than whether there is more: a follower asks again and again.
    const enough = byArrival ? offset + size + 1 : Math.max(mostFound, offset + size);
    for (const candidates of this.#candidates(range, order, search)) {
      for (const row of candidates) {
        if (!range.streams.has(row.stream) || !search.matches(row.message)) continue;
        if (found >= offset && rows.length < size) rows.push(row);
        found += 1;
        if (found >= enough) return { total: found, rows };
      }
      if (this.#monotonic() > deadline) throw tooBroad();
    }
    return { total: found, rows };
  }

  /** Records that may match, in order, in growing portions. */
  *#candidates(range: Range, order: Order, search: TextSearch): Generator<readonly Row[]> {
    const few = search.index === undefined || this.#count(range, scanned + 1, order.by === 'arrival') <= scanned;
    if (few) return yield* this.#portions((size, last) => this.#rows(narrowed(range, order, last), order, size, 0));
    const index = search.index ?? '';
    if (order.by === 'id') {
      return yield* this.#portions((size, last) => this.#indexed(narrowed(range, order, last), order, index, size));
    }
    // New records first one by one: a follower is close to the end, and a common word is soon found.
    let seen = 0;
    let at = range;
    while (seen < scanned) {
      const rows = this.#rows(at, order, 1000, 0);
      yield rows;
      if (rows.length < 1000) return;
      seen += rows.length;
      at = narrowed(range, order, rows.at(-1));
    }
    for (const { n, first } of this.#texts(at.after)) {
      const { after } = at;
      const rows = [
        ...this.#portions((size, last) => this.#indexedIn([n], narrowed(range, byId, last), byId, index, size)),
      ];
      yield rows
        .flat()
        .filter((row) => row.arrival > after && row.arrival >= first)
        .sort((a, b) => a.arrival - b.arrival);
    }
  }

  *#portions(read: (size: number, last: Row | undefined) => readonly Row[]): Generator<readonly Row[]> {
    let last: Row | undefined;
    for (let size = mostFound; ; size = 2 * mostFound) {
      const rows = read(size, last);
      yield rows;
      if (rows.length < size) return;
      last = rows.at(-1);
    }
  }

  #rows(range: Range, order: Order, size: number, offset: number): Row[] {
    const { by } = order;
    const way = order.descending ? 'DESC' : 'ASC';
    return this.#file.query(
      `SELECT r.id, r.stream, r.arrival, r.message
       FROM (${parts(range, order)} ORDER BY ${by} ${way} LIMIT ?4 OFFSET ?5) chosen
       CROSS JOIN records r ON r.id = chosen.id ORDER BY chosen.${by} ${way}`,
      ...range.ids,
      range.after,
      size,
      offset,
    ) as unknown as Row[];
  }

  #count(range: Range, most: number, byArrival: boolean): number {
    const [row] = this.#file.query(
      `SELECT count(*) AS count FROM (${parts(range, byArrival ? { by: 'arrival', descending: false } : byId)} LIMIT ?4)`,
      ...range.ids,
      range.after,
      most,
    );
    return Number(row?.count);
  }

  #indexed(range: Range, order: Order, index: string, size: number): Row[] {
    return this.#indexedIn(
      this.#texts(0).map(({ n }) => n),
      range,
      order,
      index,
      size,
    );
  }

  #indexedIn(tables: readonly number[], range: Range, order: Order, index: string, size: number): Row[] {
    const way = order.descending ? 'DESC' : 'ASC';
    const found = tables.map(
      (n) => `SELECT rowid AS id FROM ${textTable(n)} WHERE ${textTable(n)} MATCH ?3 AND rowid BETWEEN ?1 AND ?2`,
    );
    // A record may have gone since it was indexed; LEFT keeps its place, so that a portion is full when it is.
    return this.#file.query(
      `SELECT chosen.id, coalesce(r.stream, 0) AS stream, coalesce(r.arrival, 0) AS arrival,
         coalesce(r.message, '') AS message
       FROM (${found.join(' UNION ALL ')} ORDER BY id ${way} LIMIT ?4) chosen
       LEFT JOIN records r ON r.id = chosen.id ORDER BY chosen.id ${way}`,
      ...range.ids,
      index,
      size,
    ) as unknown as Row[];
  }

  /** Tables that hold the text of arrivals after this one. */
  #texts(after: number): { n: number; first: number }[] {
    const all = this.#file.query('SELECT n, first FROM texts ORDER BY n') as { n: number; first: number }[];
    return all.filter((_, at) => (all[at + 1]?.first ?? Number.POSITIVE_INFINITY) > after + 1);
  }

  #streams(query: LogQuery, wide: boolean): Map<number, Stream> {
    const rows = this.#file.query(
      `SELECT s.id, c.id AS cluster, s.node, s.dataset, s.level FROM streams s JOIN clusters c ON c.ref = s.cluster
       WHERE c.id IN (SELECT value FROM json_each(?)) AND s.level >= ? AND (? = '' OR s.node = ?) AND s.wide >= ?`,
      JSON.stringify(query.clusterIds),
      levels.indexOf(query.level),
      query.node,
      query.node,
      wide,
    );
    return new Map(
      rows.map(({ id, cluster, node, dataset, level }) => [
        Number(id),
        { clusterId: String(cluster), node: String(node), dataset: String(dataset), level: Number(level) },
      ]),
    );
  }

  #show(range: Range, row: Row): StoredRecord {
    const { clusterId, node, dataset, level } = range.streams.get(row.stream) as Stream;
    return {
      clusterId,
      node,
      dataset,
      time: timeOfId(BigInt(row.id)),
      level: levels[level] ?? 'info',
      message: row.message,
      cursor: `${this.#epoch}.${row.arrival.toString(36)}`,
    };
  }

  /** The place in the order of arrival. Where what follows it is no longer known, that is said and not passed over. */
  #readCursor(cursor: string): number {
    if (cursor === '') return 0;
    const [, epoch, digits] = /^([0-9a-f]{1,32})\.([0-9a-z]{1,10})$/.exec(cursor) ?? [];
    if (digits === undefined) throw noCursor();
    const after = Number.parseInt(digits, 36);
    if (epoch !== this.#epoch) throw begunAnew();
    if (after + 1 < Number(this.#fact('oldest'))) throw tooOld();
    return after;
  }

  #fact(name: string): unknown {
    return this.#file.query('SELECT value FROM facts WHERE name = ?', name)[0]?.value;
  }
}

interface Order {
  readonly by: 'id' | 'arrival';
  readonly descending: boolean;
}

const byId: Order = { by: 'id', descending: false };

/** Ids of a range: one ordered list for each stream, merged by SQLite without a sort. */
function parts({ streams }: Range, { by, descending }: Order): string {
  const columns = by === 'id' ? 'id' : 'id, arrival';
  const index = by === 'id' ? 'by_time' : 'by_arrival';
  const within = by === 'id' ? 'id BETWEEN ?1 AND ?2 AND ?3 = 0' : 'arrival > ?3 AND id BETWEEN ?1 AND ?2';
  const lists = [...streams.keys()].map(
    (stream) => `SELECT ${columns} FROM records INDEXED BY ${index} WHERE stream = ${stream} AND ${within}`,
  );
  if (lists.length <= mostParts) return lists.join(' UNION ALL ');
  // By time so many streams are most of the log: it is read as it lies.
  if (by === 'id') return `SELECT id FROM records WHERE ${within} AND stream IN (${[...streams.keys()].join()})`;
  const groups: string[] = [];
  for (let at = 0; at < lists.length; at += mostParts) {
    const group = lists.slice(at, at + mostParts).join(' UNION ALL ');
    groups.push(`SELECT * FROM (${group} ORDER BY arrival ${descending ? 'DESC' : 'ASC'} LIMIT -1)`);
  }
  return groups.join(' UNION ALL ');
}

/** The same without what comes up to the last row that was read. */
function narrowed(range: Range, { by, descending }: Order, last: Row | undefined): Range {
  if (!last) return range;
  if (by === 'arrival') return { ...range, after: last.arrival };
  const [from, to] = range.ids;
  const id = BigInt(last.id);
  return { ...range, ids: descending ? [from, id - 1n] : [id + 1n, to] };
}
