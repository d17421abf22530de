import { substringField } from '../../../contract/log-document.ts';
import { levels, levelsFrom } from '../../../core/levels.ts';
import { fieldOf, readDocument } from '../document.ts';
import type { LogQuery, StoredRecord } from '../query.ts';
import type { EngineAnswer, EngineClient } from './client.ts';
import { wildcardOf } from './text.ts';

/** A record as it was found, with its place in the order of arrival and what a search goes on after. */
export interface Hit extends Omit<StoredRecord, 'cursor'> {
  readonly place: number;
  readonly sort: readonly unknown[];
}

export interface Portion {
  /** Counted as far as was asked for. */
  readonly total: number;
  readonly hits: readonly Hit[];
}

export type Order = 'arrival' | 'arrival-descending' | 'time' | 'time-descending';

/** What is asked of the engine; a message may still have to be looked into. */
export interface Filter {
  readonly query: object;
  /** Every message that comes contains the text. */
  readonly exact: boolean;
}

/** The engine's own limit for `from` and `size` together. */
export const engineWindow = 10_000;
/** From here on a bound of time is none; dates of Elasticsearch end in the year 292278993. */
const endOfTime = 2 ** 52;

/** Everything that the engine can choose by. `places`: first and last place in the order of arrival, both included. */
export function filterOf(query: LogQuery, substrings: boolean, places?: readonly [number, number]): Filter {
  const { clusterIds, from, to, level, node, text } = query;
  const filter: object[] = [{ terms: { 'labels.cluster_id': clusterIds } }];
  if (from > 0 || to < endOfTime) {
    const bounds = { ...(from > 0 && { gte: from }), ...(to < endOfTime && { lte: to }), format: 'epoch_millis' };
    filter.push({ range: { '@timestamp': bounds } });
  }
  if (level !== levels[0]) filter.push(atLeast(levelsFrom(level)));
  if (node !== '') filter.push({ term: { 'service.node.name': node } });
  if (places) filter.push({ range: { _seq_no: { gte: places[0], lte: places[1] } } });
  const { pattern, exact } = wildcardOf(text);
  if (text === '') return { query: { bool: { filter } }, exact: true };
  if (!substrings || pattern === '*') return { query: { bool: { filter } }, exact: false };
  filter.push({ wildcard: { [substringField]: { value: pattern, case_insensitive: true } } });
  return { query: { bool: { filter } }, exact };
}

/** A record without a level counts as "info", as everywhere here. */
function atLeast(wanted: readonly string[]): object {
  const named = { terms: { 'log.level': wanted } };
  if (!wanted.includes('info')) return named;
  return { bool: { should: [named, { bool: { must_not: { exists: { field: 'log.level' } } } }] } };
}

export interface PortionQuery {
  readonly order: Order;
  readonly size: number;
  readonly from?: number | undefined;
  /** `sort` of the last record that was read. */
  readonly after?: readonly unknown[] | undefined;
  /** How far to count; true: to the end. */
  readonly count: number | boolean;
  /** Only places, to be passed over. */
  readonly bare?: boolean;
}

/** One portion of records in order. `partial`: the engine gave up before it had looked at all; `missing`: no index. */
export async function search(
  client: EngineClient,
  { query }: Filter,
  { order, size, from, after, count, bare = false }: PortionQuery,
  timeoutMs: number,
): Promise<Portion & { readonly partial: boolean; readonly missing: boolean }> {
  const way = order.endsWith('descending') ? 'desc' : 'asc';
  const { status, body } = await client.call(
    'POST',
    `${encodeURIComponent(client.target.index)}/_search`,
    {
      query,
      size,
      ...(from && { from }),
      ...(after && { search_after: after }),
      sort: [...(order.startsWith('time') ? [{ '@timestamp': way }] : []), { _seq_no: way }],
      track_total_hits: count,
      timeout: `${timeoutMs}ms`,
      seq_no_primary_term: true,
      _source: bare ? false : sources,
    },
    { expected: [404], timeoutMs: timeoutMs + 5000 },
  );
  if (status === 404) return { total: 0, hits: [], partial: false, missing: true };
  const { total, hits } = body?.hits ?? {};
  return {
    total: Number(total?.value ?? 0),
    hits: (hits ?? []).map(bare ? passedOver : readHit),
    partial: body?.timed_out === true,
    missing: false,
  };
}

const sources = ['@timestamp', 'message', 'log.level', 'service.node.name', 'event.dataset', 'labels.cluster_id'];

function readHit(hit: EngineAnswer['body']): Hit {
  const source = hit._source ?? {};
  const document = readDocument(source);
  // Another shipper's document that lacks what every record has is shown as empty, and not passed over in silence.
  const read = typeof document === 'string' ? unreadable : document;
  return { ...read, clusterId: fieldOf(source, 'labels.cluster_id'), place: Number(hit._seq_no), sort: hit.sort };
}

function passedOver(hit: EngineAnswer['body']): Hit {
  return { ...unreadable, clusterId: '', place: Number(hit._seq_no), sort: hit.sort };
}

const unreadable = { time: 0, level: 'info', node: '', dataset: '', message: '' } as const;
