import { isUnknownType, logFields, logMappings, substringField } from '../../../contract/log-document.ts';
import { Failure, isFailure } from '../../../core/errors.ts';
import type { EngineAnswer, EngineClient } from './client.ts';

/** What the server keeps in the index itself, under `_meta.ecp` of its mappings. */
export interface Notes {
  /** The first place in the order of arrival that was not deleted. */
  readonly oldest: number;
  /** Time in milliseconds, and the first place of what arrived after it; the oldest first. */
  readonly marks: readonly (readonly [number, number])[];
}

export interface KnownIndex {
  /** Another one of the same name has another. */
  readonly uuid: string;
  /** Whether `message` has the part that finds substrings. */
  readonly substrings: boolean;
  readonly notes: Notes;
}

export interface Progress {
  readonly uuid: string;
  /** Everything up to this place has arrived; nothing of it is still on its way. */
  readonly settled: number;
  readonly bytes: number;
  readonly documents: number;
  readonly deleted: number;
}

/** Fields that queries choose by, with the types that this takes. */
const needed = ['@timestamp', 'log.level', 'service.node.name', 'labels.cluster_id'] as const;

/**
 * The one index of the log. Its one shard numbers every write (`_seq_no`), which is the order of arrival: nothing else in
 * these engines is one. A number is given out before its document can be found, so what may be read is bounded by the
 * checkpoint up to which all writes are done (Elasticsearch's own Fleet server reads its queue in the same way).
 */
export class LogIndex {
  readonly #client: EngineClient;
  readonly #path: string;
  #known: KnownIndex | undefined;

  constructor(client: EngineClient) {
    this.#client = client;
    this.#path = encodeURIComponent(client.target.index);
  }

  /** The index, made when there is none. Throws `unusable_path` for one that cannot hold this log. */
  async open(): Promise<KnownIndex> {
    const there = await this.#look();
    if (there) return there;
    for (const substrings of [true, false]) {
      const body = { settings: { number_of_shards: 1 }, mappings: logMappings({ substrings }) };
      const { status, body: said } = await this.#client.call('PUT', this.#path, body, { expected: [400] });
      if (status === 200 || said?.error?.type === 'resource_already_exists_exception') break;
      if (isUnknownType(status, JSON.stringify(said)) && substrings) continue;
      throw this.#unusable(`the engine refuses to make it: ${said?.error?.reason ?? status}`);
    }
    const made = await this.#look();
    if (!made) throw this.#unusable('it was deleted while it was made');
    return made;
  }

  /** What is known of the index with this id; of another one only when asked anew. Undefined: there is none. */
  async known(uuid?: string): Promise<KnownIndex | undefined> {
    if (this.#known && (uuid === undefined || this.#known.uuid === uuid)) return this.#known;
    return this.#look().catch((error: unknown) => {
      if (!isFailure(error, 'unusable_path')) throw error;
      // Somebody has put another in its place: to who asks, there is no log.
      throw new Failure('not_available', { what: 'the log', reason: error.message }, { cause: error });
    });
  }

  /** To be called when it turned out to be gone. */
  forget(): void {
    this.#known = undefined;
  }

  /** Undefined: there is no index. */
  async progress(): Promise<Progress | undefined> {
    const { status, body } = await this.#client.call('GET', `${this.#path}/_stats/docs,store?level=shards`, undefined, {
      expected: [404],
    });
    const [index] = Object.values(status === 404 ? {} : (body?.indices ?? {})) as EngineAnswer['body'][];
    if (!index) return undefined;
    const copies = Object.values(index.shards ?? {}).flat() as EngineAnswer['body'][];
    const primary = copies.find(({ routing }) => routing?.primary);
    const { docs, store } = index.primaries ?? {};
    return {
      uuid: String(index.uuid),
      settled: Number(primary?.seq_no?.global_checkpoint ?? -1),
      bytes: Number(store?.size_in_bytes ?? 0),
      documents: Number(docs?.count ?? 0),
      deleted: Number(docs?.deleted ?? 0),
    };
  }

  /** After this everything that was settled before can be found. */
  async refresh(): Promise<void> {
    await this.#client.call('POST', `${this.#path}/_refresh`, undefined, { expected: [404] });
  }

  async note(notes: Notes): Promise<void> {
    const { status, body } = await this.#client.call('GET', `${this.#path}/_mapping`, undefined, { expected: [404] });
    const [index] = Object.values(status === 404 ? {} : (body ?? {})) as EngineAnswer['body'][];
    if (!index) return;
    const others = index.mappings?._meta ?? {};
    await this.#client.call('PUT', `${this.#path}/_mapping`, { _meta: { ...others, ecp: notes } });
    if (this.#known) this.#known = { ...this.#known, notes };
  }

  async #look(): Promise<KnownIndex | undefined> {
    this.#known = undefined;
    const { status, body } = await this.#client.call('GET', this.#path, undefined, { expected: [404] });
    if (status === 404) return undefined;
    const found = Object.values(body ?? {}) as EngineAnswer['body'][];
    const [index] = found;
    if (found.length !== 1 || !index?.settings?.index?.uuid)
      throw this.#unusable('it is no index but a name for several');
    const shards = Number(index.settings.index.number_of_shards);
    if (shards !== 1) throw this.#unusable(`it has ${shards} shards; the order of arrival is known within one alone`);
    const { properties } = index.mappings ?? {};
    for (const field of needed) {
      const type = typeOf(properties, field);
      if (type !== logFields[field]) {
        throw this.#unusable(`it has ${field} as ${type ?? 'nothing'}, not as ${logFields[field]}`);
      }
    }
    const { oldest = 0, marks = [] } = index.mappings?._meta?.ecp ?? {};
    this.#known = {
      uuid: String(index.settings.index.uuid),
      substrings: typeOf(properties, substringField) === 'wildcard',
      notes: { oldest, marks },
    };
    return this.#known;
  }

  #unusable(reason: string): Failure {
    return new Failure('unusable_path', { path: `${this.#client.target.url}/${this.#client.target.index}`, reason });
  }
}

/** The type of a field in mappings, where it may stand by its whole name, in objects, or as a part of another. */
function typeOf(properties: EngineAnswer['body'], field: string): string | undefined {
  const flat = properties?.[field];
  if (flat) return flat.type;
  let at = { properties } as EngineAnswer['body'];
  for (const name of field.split('.')) at = at?.properties?.[name] ?? at?.fields?.[name];
  return at?.type;
}
