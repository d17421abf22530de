/** What the index says of the numbered lines that were written. */
export interface Verdict {
  readonly unique: number;
  /** Lines that are in the index more than once. */
  readonly doubled: number;
  /** Numbers below the count written that are not in the index, as ranges `from-to`. */
  readonly missing: readonly (readonly [number, number])[];
  readonly missingCount: number;
}

/** Counts the numbers (` seq: NNN`) of the documents that an index took, and reads what gap records admit. */
export class Oracle {
  /** Documents refused as doubles: sent again, but not in the index twice. */
  conflicts = 0;
  documents = 0;
  /** Messages of gap records. */
  readonly gaps: string[] = [];
  private seen = new Uint8Array(1 << 16);

  take(document: Record<string, unknown>): void {
    this.documents++;
    const message = String(document.message ?? '');
    const flags = document['log.flags'];
    if (Array.isArray(flags) && flags.includes('gap')) {
      this.gaps.push(message);
      return;
    }
    const match = /seq: (\d{10})/.exec(message);
    if (!match) return;
    const seq = Number(match[1]);
    if (seq >= this.seen.length) {
      const more = new Uint8Array(Math.max(this.seen.length * 2, seq + 1));
      more.set(this.seen);
      this.seen = more;
    }
    this.seen[seq] = Math.min(255, (this.seen[seq] ?? 0) + 1);
  }

  has(seq: number): boolean {
    return (this.seen[seq] ?? 0) > 0;
  }

  /** The verdict on lines 0 to `written`, not with it. */
  verdict(written: number): Verdict {
    let unique = 0;
    let doubled = 0;
    const missing: [number, number][] = [];
    for (let seq = 0; seq < written; seq++) {
      const count = this.seen[seq] ?? 0;
      if (count > 0) unique++;
      if (count > 1) doubled++;
      if (count > 0) continue;
      const last = missing.at(-1);
      if (last && last[1] === seq - 1) last[1] = seq;
      else missing.push([seq, seq]);
    }
    return { unique, doubled, missing, missingCount: written - unique };
  }
}
