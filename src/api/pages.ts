import type { Listing } from '../contract/lists.ts';

/** Reads page after page until the list is whole. `size` is the largest page that the call allows. */
export async function allPages<Item>(
  size: number,
  page: (size: number, offset: number) => Promise<Listing<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (;;) {
    const { items: some, total } = await page(size, items.length);
    items.push(...some);
    // An empty page ends it too: a list may shrink while it is read.
    if (some.length === 0 || items.length >= total) return items;
  }
}
