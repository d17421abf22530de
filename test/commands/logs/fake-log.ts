import type { Ask, LogFilter, LogSource } from '../../../src/commands/logs/source.ts';
import type { LogRecord } from '../../../src/contract/logs.ts';

interface Stored extends LogRecord {
  readonly seq: number;
}

export interface FakeLogOptions {
  /** Like our server: each record has a cursor, and a query takes one. */
  readonly cursors: boolean;
  /** Called before each query is answered, to let something arrive while a page after page is read. */
  readonly beforeQuery?: (log: FakeLog) => void;
}

/** A log as a server keeps it: records in order of arrival, queries in order of time. */
export class FakeLog {
  readonly records: Stored[] = [];
  readonly #options: FakeLogOptions;
  queries = 0;
  deepest = 0;

  constructor(options: FakeLogOptions) {
    this.#options = options;
  }

  /** A record arrives; `text` need not be unique. */
  arrive(time: number, text: string, level = 'info', node = 'emqx@a'): LogRecord {
    const seq = this.records.length + 1;
    const plain = { time, level, msg: text, id: 'svc', category: 'emqx', node };
    const record = { ...plain, seq, ...(this.#options.cursors && { cursor: `c${seq}` }) };
    this.records.push(record);
    return record;
  }

  source(filter: Partial<LogFilter> = {}, name = 'plant-1'): LogSource {
    return {
      name,
      filter: { level: undefined, text: undefined, node: undefined, ...filter },
      query: async (ask, narrow) => {
        this.#options.beforeQuery?.(this);
        this.queries++;
        this.deepest = Math.max(this.deepest, ask.offset + ask.size);
        const found = this.#select(ask, narrow && this.#options.cursors ? filter : {});
        const page = found.slice(ask.offset, ask.offset + ask.size);
        return { total: found.length, size: ask.size, offset: ask.offset, data: page.map(({ seq: _, ...one }) => one) };
      },
    };
  }

  #select({ start, end, cursor, order }: Ask, filter: Partial<LogFilter>): Stored[] {
    const after = this.#options.cursors && cursor !== undefined ? Number(cursor.slice(1) || 0) : undefined;
    const found = this.records
      .filter((one) => start === undefined || one.time >= start * 1000)
      .filter((one) => end === undefined || one.time < (end + 1) * 1000)
      .filter((one) => after === undefined || one.seq > after)
      .filter((one) => filter.text === undefined || one.msg.toLowerCase().includes(filter.text.toLowerCase()));
    if (after !== undefined) return found;
    const sorted = found.sort((a, b) => a.time - b.time || a.seq - b.seq);
    return order === 'desc' ? sorted.reverse() : sorted;
  }
}

export async function drain(
  follower: {
    next(signal: AbortSignal): Promise<{ records: readonly LogRecord[]; gap?: { count: number | undefined } }>;
  },
  rounds: number,
  advance: () => void = () => {},
): Promise<{ texts: string[]; missing: number }> {
  const texts: string[] = [];
  let missing = 0;
  for (let round = 0; round < rounds; round++) {
    const { records, gap } = await follower.next(new AbortController().signal);
    texts.push(...records.map((record) => record.msg));
    missing += gap?.count ?? 0;
    advance();
  }
  return { texts, missing };
}
