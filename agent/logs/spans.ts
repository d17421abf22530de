/** The values that EMQX names in a line and that a document carries under `emqx.`, in the order of `Spans`. */
export const emqxFields = ['tag', 'clientid', 'msg', 'peername', 'username', 'topic', 'pid', 'mfa'] as const;

/** Places of the values of `emqxFields` in a buffer. Reused for each record. */
export class Spans {
  readonly from = new Int32Array(emqxFields.length);
  readonly to = new Int32Array(emqxFields.length);
  /** One bit for each field that was found. */
  found = 0;

  /** Notes a value; the first one of a name counts. */
  set(field: number, from: number, to: number): void {
    if (this.found & (1 << field)) return;
    this.found |= 1 << field;
    this.from[field] = from;
    this.to[field] = to;
  }
}

/** Field numbers by the name's first byte. */
const byFirst: readonly { readonly field: number; readonly name: Buffer }[][] = Array.from({ length: 256 }, () => []);
emqxFields.forEach((name, field) => {
  byFirst[name.charCodeAt(0)]?.push({ field, name: Buffer.from(name) });
});

/** Number of the field whose name is exactly `b[from..to)`, or -1. */
export function fieldNamed(b: Uint8Array, from: number, to: number): number {
  const candidates = byFirst[b[from] as number];
  if (candidates === undefined) return -1;
  next: for (const { field, name } of candidates) {
    if (name.length !== to - from) continue;
    for (let i = 1; i < name.length; i++) if (b[from + i] !== name[i]) continue next;
    return field;
  }
  return -1;
}
