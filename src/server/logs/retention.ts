import type { Sqlite } from '../store/sqlite.ts';
import { textTable } from './schema.ts';
import type { LogWriter } from './writer.ts';

/** What the log may hold: whichever is less. */
export interface Retention {
  readonly days: number;
  readonly bytes: number;
}

/** Arrivals deleted in one step: the intake waits no longer than this takes. */
export const chunk = 500;
const hourMs = 3_600_000;

/**
 * Deletes what came first, in small steps. By arrival and not by the record's own time: a device whose clock says 1970
 * does not lose what it just sent.
 */
export class Retainer {
  readonly #file: Sqlite;
  readonly #writer: LogWriter;
  readonly #limit: Retention;
  #overfull = false;

  constructor(file: Sqlite, writer: LogWriter, limit: Retention) {
    this.#file = file;
    this.#writer = writer;
    this.#limit = limit;
  }

  /** One step; true when there is more to delete. */
  step(now: number): boolean {
    const oldest = this.#fact('oldest');
    const end = this.#fact('arrivals') + 1;
    const tooOld = this.#firstSince(now - this.#limit.days * 24 * hourMs) ?? end;
    const until = Math.min(oldest + chunk, this.#isOverfull() ? end : tooOld);
    if (until <= oldest) return false;
    this.#writer.transaction(() => {
      for (const { id } of this.#file.query('SELECT id FROM streams')) this.#deleteFrom(Number(id), until);
      this.#dropTexts(until);
      this.#file.query('DELETE FROM hours WHERE first < ? AND hour < ?', until, Math.floor(now / hourMs));
      this.#file.query(`UPDATE facts SET value = ? WHERE name = 'oldest'`, until);
    });
    this.#giveBack();
    return until < end;
  }

  /** Deletes a part of a cluster's records; true when there is more. */
  dropCluster(clusterId: string): boolean {
    const streams = this.#file.query(
      'SELECT s.id FROM streams s JOIN clusters c ON c.ref = s.cluster WHERE c.id = ?',
      clusterId,
    );
    for (const { id } of streams) {
      const gone = this.#writer.transaction(() => {
        const rows = this.#file.query('SELECT id FROM records WHERE stream = ? LIMIT ?', id, chunk);
        for (const row of rows) this.#file.query('DELETE FROM records WHERE id = ?', row.id);
        if (rows.length < chunk) this.#file.query('DELETE FROM streams WHERE id = ?', id);
        return rows.length;
      });
      this.#writer.forget();
      if (gone === chunk) return true;
    }
    this.#file.query('DELETE FROM clusters WHERE id = ?', clusterId);
    this.#writer.forget();
    return false;
  }

  /** Bytes in use; free pages of the file are not. */
  usedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size');
  }

  /** Once full, a twentieth is freed, so that it is not deleted by the record. */
  #isOverfull(): boolean {
    const share = this.usedBytes() / this.#limit.bytes;
    this.#overfull = share > (this.#overfull ? 0.95 : 1);
    return this.#overfull;
  }

  #firstSince(time: number): number | undefined {
    const [row] = this.#file.query('SELECT min(first) AS first FROM hours WHERE hour >= ?', Math.floor(time / hourMs));
    return typeof row?.first === 'number' ? row.first : undefined;
  }

  #deleteFrom(stream: number, until: number): void {
    this.#file.query(
      `DELETE FROM records WHERE id IN
       (SELECT id FROM records INDEXED BY by_arrival WHERE stream = ? AND arrival < ?)`,
      stream,
      until,
    );
  }

  /** A table goes when the one after it begins where everything older is deleted. */
  #dropTexts(until: number): void {
    const texts = this.#file.query('SELECT n, first FROM texts ORDER BY n');
    for (const [at, { n }] of texts.entries()) {
      const next = texts[at + 1];
      if (!next || Number(next.first) > until) return;
      this.#file.exec(`DROP TABLE ${textTable(Number(n))}`);
      this.#file.query('DELETE FROM texts WHERE n = ?', n);
    }
  }

  /** Free pages are used again; a file that has many of them is made smaller, a bit at a time. */
  #giveBack(): void {
    if (this.#pragma('freelist_count') * 5 < this.#pragma('page_count')) return;
    this.#file.query('PRAGMA incremental_vacuum(1000)');
  }

  #pragma(name: 'page_count' | 'freelist_count' | 'page_size'): number {
    return Number(this.#file.query(`PRAGMA ${name}`)[0]?.[name]);
  }

  #fact(name: string): number {
    return Number(this.#file.query('SELECT value FROM facts WHERE name = ?', name)[0]?.value);
  }
}
