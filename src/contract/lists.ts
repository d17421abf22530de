/** A list as the rest of the program knows it. `total` counts all pages, where the answer tells. */
export interface Listing<Item> {
  readonly total: number;
  readonly items: readonly Item[];
}

/** Names under which an answer keeps its list, at the top or inside `data` (ecp.md section 1). */
const places = ['data', 'list', 'instance', 'architectures', 'quotas'] as const;
type Place = (typeof places)[number];

/** What a list answer lists. */
export type ItemOf<Answer> = Answer extends readonly (infer Item)[]
  ? Item
  : Answer extends object
    ? { [Key in keyof Answer & Place]: ItemOf<Answer[Key]> }[keyof Answer & Place]
    : never;

/**
 * Unwraps any of ECP's list answers: `{data:{total,list}}`, `{total,data:[]}`, `{data:[]}`, `{architectures:[]}`,
 * `{total,...,instance:[]}`, `{total,list:[]}`, `{quotas:[]}` and a bare array. `null` in the list's place is the empty
 * list, as Go writes it. Expects an answer that its schema has accepted; throws TypeError where there is no list.
 */
export function unwrap<Answer>(answer: Answer): Listing<ItemOf<Answer>> {
  const found = find(answer);
  if (!found) throw new TypeError('no list in the answer');
  return { total: found.total ?? found.items.length, items: found.items as ItemOf<Answer>[] };
}

function find(value: unknown): { items: readonly unknown[]; total?: number } | undefined {
  if (Array.isArray(value)) return { items: value };
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const place = places.find((name) => Object.hasOwn(fields, name));
  if (!place) return undefined;
  const inside = fields[place] === null ? { items: [] } : find(fields[place]);
  return inside && typeof fields.total === 'number' ? { ...inside, total: fields.total } : inside;
}
