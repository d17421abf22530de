import type { Writable } from 'node:stream';
import { Failure, reasonOf } from '../core/errors.ts';
import type { Lang, Text, Values } from '../core/text.ts';
import { say } from '../core/text.ts';
import type { Paint } from './color.ts';
import { painter } from './color.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';

export const formats = ['table', 'wide', 'json', 'yaml', 'ndjson', 'name'] as const;
export type Format = (typeof formats)[number];

/** How one kind of thing is shown. */
export interface View<T> {
  readonly columns: readonly Column<T>[];
  /** What `-o name` prints: something the other commands take. */
  readonly name: (row: T) => string;
  /** For a single thing as a table: label and value pairs, where the columns would say too little. */
  readonly details?: (row: T, lang: Lang) => readonly (readonly [Text, string | undefined])[];
}

export interface OutputOptions {
  readonly stdout: Writable & { isTTY?: boolean; columns?: number };
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly lang: Lang;
  readonly format: Format;
  readonly color: string | undefined;
  readonly headers: boolean;
  readonly columns: readonly string[] | undefined;
  readonly query: string | undefined;
  readonly quiet: boolean;
}

/** The only way to stdout is the payload; all that is said to a person goes to stderr. */
export class Output {
  readonly lang: Lang;
  readonly format: Format;
  /** Colours for stdout. */
  readonly paint: Paint;
  /** Colours for stderr. */
  readonly paintNote: Paint;
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.lang = options.lang;
    this.format = options.format;
    this.paint = painter(options.color, options.env, options.stdout);
    this.paintNote = painter(options.color, options.env, options.stderr);
  }

  /** True when stdout carries a machine format. What a query picks has no columns. */
  get machine(): boolean {
    return (this.format !== 'table' && this.format !== 'wide') || this.#options.query !== undefined;
  }

  /** Columns of the terminal behind stdout; undefined where it is none. */
  get width(): number | undefined {
    return this.#options.stdout.isTTY ? (this.#options.stdout.columns ?? 80) : undefined;
  }

  /** @throws Failure invalid_value for a query that is none: before a change is made, not after it. */
  async checkQuery(): Promise<void> {
    const { query } = this.#options;
    if (query === undefined) return;
    if (this.format === 'name') {
      const reason = { en: 'goes with -o json, yaml or ndjson', zh: '只能与 -o json、yaml 或 ndjson 一起使用' };
      throw new Failure('invalid_value', { name: '--query', reason });
    }
    const { compile } = await import('@jmespath-community/jmespath');
    try {
      compile(query);
    } catch (error) {
      throw notAQuery(error);
    }
  }

  /** Raw payload; waits while the reader is slow, so that nothing piles up in memory. */
  async write(chunk: string | Uint8Array): Promise<void> {
    const { stdout } = this.#options;
    if (stdout.destroyed || stdout.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stdout.off('drain', done);
        stdout.off('close', done);
        stdout.off('error', done);
        resolve();
      };
      stdout.on('drain', done).on('close', done).on('error', done);
    });
  }

  /** Payload lines for people where a table says nothing better: `text` in English and Chinese. */
  async line(text: Text | string, values?: Values): Promise<void> {
    await this.write(`${typeof text === 'string' ? text : say(text, this.lang, values)}\n`);
  }

  async list<T>(rows: readonly T[], view: View<T>): Promise<void> {
    if (this.format === 'name') return this.write(rows.map((row) => `${view.name(row)}\n`).join(''));
    if (this.machine) return this.data(rows);
    await this.#lines(renderTable(rows, this.#chosen(view.columns), this.#table()));
    if (rows.length === 0) this.note({ en: 'Nothing found.', zh: '没有找到任何内容。' });
  }

  async item<T>(row: T, view: View<T>): Promise<void> {
    if (this.format === 'name') return this.write(`${view.name(row)}\n`);
    if (this.machine) return this.data(row);
    if (!view.details || this.#options.columns)
      return this.#lines(renderTable([row], this.#chosen(view.columns), this.#table()));
    const pairs = view.details(row, this.lang).filter(([, value]) => value !== undefined);
    const columns: Column<(typeof pairs)[number]>[] = [
      { key: 'label', header: { en: '', zh: '' }, get: ([label]) => label[this.lang], style: () => 'bold' },
      { key: 'value', header: { en: '', zh: '' }, get: ([, value]) => value },
    ];
    await this.#lines(renderTable(pairs, columns, { ...this.#table(), headers: false, width: undefined }));
  }

  /** A value in the machine format asked for; JSON where a table was. An array under ndjson is a line each. */
  async data(value: unknown): Promise<void> {
    const chosen = this.#options.query === undefined ? value : await search(value, this.#options.query);
    await this.write(await encode(chosen, this.format));
  }

  /** Something for the person; silent under --quiet. */
  note(text: Text | string, values?: Values): void {
    if (!this.#options.quiet) this.#say(text, values);
  }

  warn(text: Text | string, values?: Values): void {
    const label = this.lang === 'zh' ? '警告：' : 'warning: ';
    this.#options.stderr.write(this.paintNote(label, 'yellow') + this.#text(text, values) + '\n');
  }

  #say(text: Text | string, values?: Values): void {
    this.#options.stderr.write(`${this.#text(text, values)}\n`);
  }

  #text(text: Text | string, values?: Values): string {
    return typeof text === 'string' ? text : say(text, this.lang, values);
  }

  async #lines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(`${lines.join('\n')}\n`);
  }

  #table() {
    return { lang: this.lang, paint: this.paint, headers: this.#options.headers, width: this.width };
  }

  #chosen<T>(columns: readonly Column<T>[]): readonly Column<T>[] {
    const asked = this.#options.columns;
    if (!asked) return columns.filter((column) => !column.wide || this.format === 'wide');
    return asked.map((key) => {
      const column = columns.find((one) => one.key.toLowerCase() === key.toLowerCase());
      if (column) return column;
      const known = columns.map((one) => one.key).join(', ');
      throw new Failure('invalid_value', {
        name: '--columns',
        reason: { en: `there is no "${key}"; there are: ${known}`, zh: `没有“${key}”，可用的有：${known}` },
      });
    });
  }
}

async function encode(value: unknown, format: Format): Promise<string> {
  if (format === 'yaml') {
    const { stringify } = await import('yaml');
    return stringify(value ?? null);
  }
  if (format === 'ndjson') {
    const rows = Array.isArray(value) ? value : [value];
    return rows.map((row) => `${JSON.stringify(row ?? null)}\n`).join('');
  }
  return `${JSON.stringify(value ?? null, null, 2)}\n`;
}

async function search(value: unknown, query: string): Promise<unknown> {
  const jmespath = await import('@jmespath-community/jmespath');
  try {
    // A query that finds nothing is null, which JSON can say; undefined could not be printed.
    return jmespath.search(JSON.parse(JSON.stringify(value)), query) ?? null;
  } catch (error) {
    throw notAQuery(error);
  }
}

function notAQuery(error: unknown): Failure {
  return new Failure('invalid_value', { name: '--query', reason: reasonOf(error) }, { cause: error });
}
