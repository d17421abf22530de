import type { Tagged } from './print.ts';
import { byTime } from './source.ts';

/** Merges streams that are each in order of time into one that is; holds one page of each. */
export async function* mergeByTime(streams: readonly AsyncGenerator<Tagged[]>[]): AsyncGenerator<Tagged[]> {
  const [only, ...others] = streams;
  if (only && others.length === 0) return yield* only;
  let heads = await Promise.all(streams.map(async (stream) => ({ stream, page: await pageOf(stream) })));
  for (;;) {
    heads = heads.filter(({ page }) => page.length > 0);
    if (heads.length === 0) return;
    // Up to the earliest end of a page no stream can bring anything older any more.
    const ends = heads.map(({ page }) => page.at(-1)).filter((end) => end !== undefined);
    const end = ends.reduce((a, b) => (byTime(b.record, a.record) < 0 ? b : a));
    const ready: Tagged[] = [];
    for (const head of heads) {
      const cut = head.page.findIndex((one) => byTime(one.record, end.record) > 0);
      ready.push(...head.page.splice(0, cut < 0 ? head.page.length : cut));
    }
    yield ready.sort((a, b) => byTime(a.record, b.record));
    for (const head of heads) if (head.page.length === 0) head.page = await pageOf(head.stream);
  }
}

async function pageOf(stream: AsyncGenerator<Tagged[]>): Promise<Tagged[]> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return [];
    if (value.length > 0) return value;
  }
}
