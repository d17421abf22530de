import type { LogPage, LogQuery } from '../query.ts';
import { mostCounted, mostFound } from '../query.ts';
import { begunAnew, mostMs, noCursor, tooBroad, tooOld } from '../refusals.ts';
import { textSearch } from '../text.ts';
import type { EngineClient } from './client.ts';
import type { KnownIndex, LogIndex } from './log-index.ts';
import type { Filter, Hit, Order } from './search.ts';
import { engineWindow, filterOf, search } from './search.ts';

interface Asked {
  readonly query: LogQuery;
  readonly filter: Filter;
  readonly order: Order;
  readonly deadline: number;
}

interface Found {
  readonly total: number;
  readonly hits: readonly Hit[];
}

/** Queries of the log in a search engine, answered as those of the log in SQLite. */
export class ElasticReader {
  readonly #client: EngineClient;
  readonly #index: LogIndex;
  readonly #monotonic: () => number;
  #running: Promise<Settled | undefined> | undefined;
  #next: Promise<Settled | undefined> | undefined;

  constructor(client: EngineClient, index: LogIndex, monotonic: () => number) {
    this.#client = client;
    this.#index = index;
    this.#monotonic = monotonic;
  }

  async query(query: LogQuery): Promise<LogPage> {
    const byArrival = query.cursor !== undefined;
    const cursor = readCursor(query.cursor ?? '');
    const settled = byArrival ? await this.#whatIsSettled() : undefined;
    const known = byArrival && !settled ? undefined : await this.#index.known(settled?.uuid);
    if (cursor && cursor.uuid !== known?.uuid) throw begunAnew();
    if (cursor && cursor.place + 1 < (known?.notes.oldest ?? 0)) throw tooOld();
    if (!known || query.clusterIds.length === 0 || query.to < query.from) return { total: 0, records: [] };
    const places = settled && ([(cursor?.place ?? -1) + 1, settled.settled] as const);
    const asked: Asked = {
      query,
      filter: filterOf(query, known.substrings, places),
      order: byArrival ? 'arrival' : query.descending ? 'time-descending' : 'time',
      deadline: this.#monotonic() + mostMs,
    };
    const { total, hits } = asked.filter.exact ? await this.#page(asked) : await this.#look(asked);
    return { total, records: hits.map((hit) => show(known, hit, query)) };
  }

  /** What the engine alone can answer. */
  async #page(asked: Asked): Promise<Found> {
    const { size, offset, text } = asked.query;
    if (asked.order !== 'arrival') {
      const most = text === '' ? mostCounted : Math.max(mostFound, offset + size);
      const { total, hits } = await this.#at(asked, offset, size, most);
      return { total: Math.min(total, most), hits };
    }
    if (offset + size <= engineWindow) return this.#at(asked, offset, size, true);
    const { total } = await this.#portion(asked, { size: 0, count: true });
    const here = Math.min(size, total - offset);
    if (here <= 0) return { total, hits: [] };
    // From the nearer end: a reader who wants the last arrival asks for offset `total - 1`.
    const behind = total - offset - here;
    if (offset <= behind) return { total, hits: (await this.#at(asked, offset, here, false)).hits };
    const { hits } = await this.#at({ ...asked, order: 'arrival-descending' }, behind, here, false);
    return { total, hits: [...hits].reverse() };
  }

  /** A page at any offset. Further than the engine goes by itself, what comes before is passed over, its places alone. */
  async #at(asked: Asked, offset: number, size: number, count: number | boolean): Promise<Found> {
    if (offset + size <= engineWindow) return this.#portion(asked, { size, from: offset, count });
    let after: readonly unknown[] | undefined;
    let total: number | undefined;
    for (let left = offset; left > 0; left -= engineWindow) {
      const step = Math.min(left, engineWindow);
      const passed = await this.#portion(asked, { size: step, after, count: total === undefined && count, bare: true });
      total ??= passed.total;
      if (passed.hits.length < step) return { total, hits: [] };
      after = passed.hits.at(-1)?.sort;
    }
    const { hits } = await this.#portion(asked, { size, after, count: false });
    return { total: total ?? 0, hits };
  }

  /** What the engine can only narrow down: every message that comes is looked into. */
  async #look(asked: Asked): Promise<Found> {
    const { query, order } = asked;
    const { size, offset } = query;
    const search = textSearch(query.text);
    const enough = order === 'arrival' ? offset + size + 1 : Math.max(mostFound, offset + size);
    const chosen: Hit[] = [];
    let found = 0;
    let after: readonly unknown[] | undefined;
    for (let portion = mostFound; ; portion = 5 * mostFound) {
      const { hits } = await this.#portion(asked, { size: portion, after, count: false });
      for (const hit of hits) {
        if (search && !search.matches(hit.message)) continue;
        if (found >= offset && chosen.length < size) chosen.push(hit);
        found += 1;
        if (found >= enough) return { total: found, hits: chosen };
      }
      if (hits.length < portion) return { total: found, hits: chosen };
      after = hits.at(-1)?.sort;
    }
  }

  async #portion(
    { filter, order, deadline }: Asked,
    what: Omit<Parameters<typeof search>[2], 'order'>,
  ): Promise<Found> {
    const left = Math.ceil(deadline - this.#monotonic());
    if (left <= 0) throw tooBroad();
    const { total, hits, partial, missing } = await search(this.#client, filter, { ...what, order }, left);
    if (missing) this.#index.forget();
    if (partial) throw tooBroad();
    return { total, hits };
  }

  /**
   * First the checkpoint, then a refresh: in this order, all up to the checkpoint is found. Who asks while this goes on
   * shares the next one, as what he has just written may be missing in this one.
   */
  #whatIsSettled(): Promise<Settled | undefined> {
    if (this.#next) return this.#next;
    const ask = async (): Promise<Settled | undefined> => {
      await this.#running?.catch(() => undefined);
      this.#running = this.#next;
      this.#next = undefined;
      const progress = await this.#index.progress();
      if (progress) await this.#index.refresh();
      return progress;
    };
    const next = ask();
    this.#next = next;
    return next;
  }
}

interface Settled {
  readonly uuid: string;
  readonly settled: number;
}

function show({ uuid }: KnownIndex, { place, sort: _, ...record }: Hit, { clusterIds }: LogQuery) {
  // The engine has chosen by cluster already; what a query shows must not hang on its mappings alone.
  if (!clusterIds.includes(record.clusterId))
    throw new Error(`the engine answered with a record of "${record.clusterId}"`);
  return { ...record, cursor: `${uuid}.${place.toString(36)}` };
}

/** Undefined: from the beginning. */
function readCursor(cursor: string): { readonly uuid: string; readonly place: number } | undefined {
  if (cursor === '') return undefined;
  const [, uuid, digits] = /^([\w-]{1,64})\.([0-9a-z]{1,10})$/.exec(cursor) ?? [];
  if (uuid === undefined || digits === undefined) throw noCursor();
  return { uuid, place: Number.parseInt(digits, 36) };
}
