import type { Lang, Text } from '../core/text.ts';
import type { Paint, Style } from './color.ts';
import { displayWidth, padEnd, padStart, printable, truncate } from './display.ts';

export interface Column<T> {
  /** Stable name for `--columns`. */
  readonly key: string;
  readonly header: Text;
  readonly get: (row: T, lang: Lang) => string | number | undefined;
  readonly align?: 'right';
  /** Shown by `-o wide` alone. */
  readonly wide?: true;
  /** Never cut on a narrow terminal: half an id is no use. */
  readonly whole?: true;
  readonly style?: (row: T) => Style | undefined;
}

export interface TableOptions {
  readonly lang: Lang;
  readonly paint: Paint;
  readonly headers: boolean;
  /** Columns of the terminal; undefined where the output is no terminal: nothing is cut then. */
  readonly width: number | undefined;
}

const gap = 2;
const narrowest = 6;

/** Lines of an aligned table; on a terminal the widest columns give way until it fits. */
export function renderTable<T>(rows: readonly T[], columns: readonly Column<T>[], options: TableOptions): string[] {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.get(row, options.lang))));
  const headers = columns.map((column) => column.header[options.lang]);
  const widths = columns.map((_, at) =>
    Math.max(options.headers ? displayWidth(headers[at] ?? '') : 0, ...cells.map((row) => displayWidth(row[at] ?? ''))),
  );
  if (options.width !== undefined) shrink(widths, columns, options.width);
  const line = (texts: readonly string[], style: (at: number) => Style | undefined) =>
    texts
      .map((text, at) => {
        const cut = truncate(text, widths[at] ?? 0);
        const last = at === columns.length - 1;
        const padded =
          columns[at]?.align === 'right' ? padStart(cut, widths[at] ?? 0) : last ? cut : padEnd(cut, widths[at] ?? 0);
        const chosen = style(at);
        return chosen ? options.paint(padded, chosen) : padded;
      })
      .join(' '.repeat(gap))
      .trimEnd();
  const lines = cells.map((row, index) =>
    line(row, (at) => {
      const value = rows[index];
      return value === undefined ? undefined : columns[at]?.style?.(value);
    }),
  );
  return options.headers ? [line(headers, () => 'bold'), ...lines] : lines;
}

function oneLine(value: string | number | undefined): string {
  return printable(String(value ?? '').replace(/\s*\n\s*/g, ' ')) || '-';
}

function shrink<T>(widths: number[], columns: readonly Column<T>[], total: number): void {
  const room = total - gap * (widths.length - 1);
  const least = widths.map((width, at) => (columns[at]?.whole ? width : Math.min(width, narrowest)));
  // Where it cannot fit the lines are broken anyway: then whole words rather than stumps.
  if (least.reduce((sum, width) => sum + width, 0) > room) return;
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    const cuttable = widths.map((width, at) => (columns[at]?.whole ? 0 : width));
    const widest = cuttable.indexOf(Math.max(...cuttable));
    const width = cuttable[widest] ?? 0;
    if (width <= narrowest) return;
    widths[widest] = width - 1;
  }
}
