import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/cli/display.ts';
import type { Column } from '../../src/cli/table.ts';
import { renderTable } from '../../src/cli/table.ts';

type Row = readonly string[];
const columns = (count: number): Column<Row>[] =>
  Array.from({ length: count }, (_, at) => ({
    key: `c${at}`,
    header: { en: `COLUMN ${at}`, zh: `第 ${at} 列` },
    get: (row) => row[at],
  }));
const options = { lang: 'en', paint: (text: string) => text, headers: true, width: 80 } as const;

describe('a table on a terminal', () => {
  it('gives way in its widest columns until it fits, Chinese counted twice', () => {
    const lines = renderTable([['温度过高'.repeat(20), 'short', 'x'.repeat(60)]], columns(3), options);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    expect(lines[1]).toContain('short');
  });

  it('that cannot fit whatever is cut is left whole: twelve stumps on two lines said nothing', () => {
    const row = Array.from({ length: 12 }, (_, at) => `value-number-${at}`);
    expect(renderTable([row], columns(12), options)[1]).toBe(row.join('  '));
  });
});

it('a name cannot turn round the line it stands in, nor drive the terminal', () => {
  const [, line] = renderTable([['a\u202eb\u2066c\x1b[31m', 'next']], columns(2), options);
  expect(line).toBe('a�b�c�[31m  next');
});
