import { randomBytes } from 'node:crypto';

export interface Hit {
  readonly _id: string;
  readonly _source: Readonly<Record<string, unknown>>;
}

/** The engine under test and one index of its own in it. */
export class Engine {
  readonly url: string;
  readonly index = `emqx-test-${randomBytes(4).toString('hex')}`;

  constructor(url: string) {
    this.url = url.replace(/\/$/, '');
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  create(mappings: object): Promise<unknown> {
    return this.call('PUT', `/${this.index}`, { mappings });
  }

  /** Writes documents with ids of the engine's own. */
  async bulk(documents: readonly object[]): Promise<void> {
    const body = documents.map((one) => `{"create":{}}\n${JSON.stringify(one)}\n`).join('');
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await fetch(`${this.url}/${this.index}/_bulk`, { method: 'POST', headers, body });
    const { errors, items } = (await answer.json()) as { errors: boolean; items: unknown[] };
    if (errors !== false) throw new Error(`bulk: ${JSON.stringify(items?.[0])}`);
  }

  /** Documents in the index, all writes so far included; 0 while there is no index. */
  async count(): Promise<number> {
    try {
      await this.call('POST', `/${this.index}/_refresh`);
      return ((await this.call('GET', `/${this.index}/_count`)) as { count: number }).count;
    } catch (error) {
      if (String(error).includes('index_not_found')) return 0;
      throw error;
    }
  }

  /** All documents in file order. */
  async all(): Promise<Hit[]> {
    await this.call('POST', `/${this.index}/_refresh`);
    const found: Hit[] = [];
    for (let after: unknown; ; ) {
      const page = (await this.call('POST', `/${this.index}/_search`, {
        size: 5000,
        sort: [{ 'event.sequence': 'asc' }],
        ...(after !== undefined && { search_after: after }),
      })) as { hits: { hits: (Hit & { sort: unknown })[] } };
      const { hits } = page.hits;
      found.push(...hits);
      if (hits.length < 5000) return found;
      after = hits.at(-1)?.sort;
    }
  }

  async remove(): Promise<void> {
    await this.call('DELETE', `/${this.index}`).catch(() => undefined);
  }
}
