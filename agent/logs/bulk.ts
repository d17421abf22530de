/** What became of one record. */
export interface Refusal {
  readonly index: number;
  readonly status: number;
  readonly reason: string;
}

export interface Settled {
  /** Indexes to send again. */
  readonly again: readonly number[];
  /** Records the engine will never take. */
  readonly refused: readonly Refusal[];
  /** One status and reason of those to send again, for a person. */
  readonly trouble: string | undefined;
}

interface Item {
  readonly status?: unknown;
  readonly error?: { readonly type?: unknown; readonly reason?: unknown } | string;
}

const allDone: Settled = { again: [], refused: [], trouble: undefined };
const noErrors = Buffer.from('"errors":false');

/**
 * Reads the answer to a `_bulk` request of `count` records. Undefined when it is none: then nothing is known, and all
 * is sent again. A whole answer without errors is not even parsed.
 */
export function readBulkAnswer(body: Buffer, count: number): Settled | undefined {
  const at = body.subarray(0, 256).indexOf(noErrors);
  if (at >= 0 && body.at(-1) === 125) return allDone;
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (answer === null || typeof answer !== 'object') return undefined;
  const { errors, items } = answer as { errors?: unknown; items?: unknown };
  if (errors === false) return allDone;
  if (errors !== true || !Array.isArray(items) || items.length !== count) return undefined;
  const again: number[] = [];
  const refused: Refusal[] = [];
  let trouble: string | undefined;
  items.forEach((entry: unknown, index) => {
    const item = itemOf(entry);
    const status = typeof item?.status === 'number' ? item.status : 0;
    if (isDelivered(status)) return;
    const reason = reasonOf(item);
    if (isRefusal(status) && !indexTroubles.test(reason)) {
      refused.push({ index, status, reason });
    } else {
      again.push(index);
      trouble ??= `${status} ${reason}`.trim();
    }
  });
  return { again, refused, trouble };
}

/** 409: the record with this id is there already, which is what we want (contract: ours.md, Logs). */
const isDelivered = (status: number): boolean => (status >= 200 && status < 300) || status === 409;

/**
 * What lies in the record itself. 401, 403 and 404 do not: a disk at its flood stage blocks the index with 403, and an
 * index may be missing for a while. These wait, however long it takes.
 */
const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && ![401, 403, 404, 408, 423, 429].includes(status);

/** Causes with a status of 400 that lie in the index or its name, not in the record. */
const indexTroubles = /^(invalid_index_name_exception|index_closed_exception|invalid_alias_name_exception)\b/;

function itemOf(entry: unknown): Item | undefined {
  if (entry === null || typeof entry !== 'object') return undefined;
  const { create, index } = entry as { create?: Item; index?: Item };
  return create ?? index;
}

function reasonOf(item: Item | undefined): string {
  const error = item?.error;
  if (typeof error === 'string') return error;
  return [error?.type, error?.reason].filter((part) => typeof part === 'string').join(': ');
}
