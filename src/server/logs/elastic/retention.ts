import type { Retention } from '../retention.ts';
import type { EngineClient } from './client.ts';
import type { LogIndex, Notes, Progress } from './log-index.ts';

const dayMs = 24 * 3_600_000;
/** Documents deleted by one call. */
const chunk = 20_000;
/** Steps in which days are counted: so many marks are kept. */
const marksKept = 100;
const callMs = 120_000;

/**
 * Deletes what arrived first, by place in the order of arrival as in SQLite: documents have no time of arrival, so it is
 * noted in the index from time to time how far it had come. The engine frees the disk when it merges, not here.
 */
export class ElasticRetainer {
  readonly #client: EngineClient;
  readonly #index: LogIndex;
  readonly #limit: Partial<Retention>;
  readonly #stop = new AbortController();

  /** What is not limited is kept for ever: it is the engine's own business. */
  constructor(client: EngineClient, index: LogIndex, limit: Partial<Retention>) {
    this.#client = client;
    this.#index = index;
    this.#limit = limit;
  }

  async retain(now: number): Promise<void> {
    if (this.#limit.days === undefined && this.#limit.bytes === undefined) return;
    const progress = await this.#index.progress();
    const known = progress && (await this.#index.known(progress.uuid));
    if (!progress || !known) return;
    const { notes } = known;
    const marks = this.#marked(notes.marks, progress, now);
    const old = marks.findLast(([time]) => time <= now - (this.#limit.days ?? Number.POSITIVE_INFINITY) * dayMs);
    const cut = Math.max(notes.oldest, old?.[1] ?? 0, await this.#tooMuch(progress, notes.oldest));
    const kept = marks.filter((mark) => mark === old || mark[1] >= cut || mark === marks.at(-1));
    // Before anything goes: a reader whose next records are about to be deleted is told so, and not led past them.
    if (cut > notes.oldest || kept.length !== notes.marks.length || kept.at(-1) !== notes.marks.at(-1)) {
      await this.#index.note({ oldest: cut, marks: kept });
    }
    if (cut > 0) await this.#delete({ range: { _seq_no: { lt: cut } } });
  }

  async dropCluster(clusterId: string): Promise<void> {
    await this.#delete({ term: { 'labels.cluster_id': clusterId } });
  }

  stop(): void {
    this.#stop.abort();
  }

  #marked(marks: Notes['marks'], { settled }: Progress, now: number): Notes['marks'] {
    const { days } = this.#limit;
    if (days === undefined) return [];
    const newest = marks.at(-1);
    if (newest && now - newest[0] < (days * dayMs) / marksKept && now >= newest[0]) return marks;
    return [...marks, [now, settled + 1]];
  }

  /** The place below which all has to go for the bytes; 0: none. Bytes of what is deleted already do not count. */
  async #tooMuch({ bytes, documents, deleted, settled }: Progress, oldest: number): Promise<number> {
    const live = documents === 0 ? 0 : (bytes * documents) / (documents + deleted);
    if (this.#limit.bytes === undefined || live <= this.#limit.bytes) return 0;
    // A twentieth more, so that it is not deleted by the record.
    const share = 1 - (0.95 * this.#limit.bytes) / live;
    const first = Math.max(oldest, await this.#firstPlace());
    return Math.ceil(first + (settled + 1 - first) * share);
  }

  async #firstPlace(): Promise<number> {
    const body = { size: 1, sort: [{ _seq_no: 'asc' }], _source: false };
    const answer = await this.#client.call('POST', `${this.#path}/_search`, body, { expected: [404] });
    return Number(answer.body?.hits?.hits?.[0]?.sort?.[0] ?? 0);
  }

  async #delete(query: object): Promise<void> {
    const options = `conflicts=proceed&refresh=true&max_docs=${chunk}&ignore_unavailable=true`;
    for (let deleted = chunk; deleted === chunk && !this.#stop.signal.aborted; ) {
      const path = `${this.#path}/_delete_by_query?${options}`;
      const { body } = await this.#client.call('POST', path, { query }, { timeoutMs: callMs });
      deleted = Number(body?.deleted ?? 0);
    }
  }

  get #path(): string {
    return encodeURIComponent(this.#client.target.index);
  }
}
