import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { program as agent } from '../agent/commands/index.ts';
import type { Program } from '../src/cli/program.ts';
import { program as ecpctl } from '../src/commands/index.ts';

const path = fileURLToPath(new URL('../README.md', import.meta.url));
const place = /(<!-- commands: .* -->\n)[\s\S]*?(<!-- \/commands -->)/;

/** The commands of a program in the groups of its overview. */
// biome-ignore lint/suspicious/noExplicitAny: of both programs, whatever their context
function table({ name, groups, commands }: Program<any>): string {
  const rows = groups.flatMap(({ title, names }) =>
    commands
      .filter((command) => !command.hidden && names.includes(command.path[0] ?? ''))
      .map((command) => [title.en, `\`${name} ${command.path.join(' ')}\``, command.summary.en]),
  );
  const all = [['group', 'command', 'what it does'], ...rows];
  const widths = [0, 1, 2].map((at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(all[0] ?? []), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join(
    '\n',
  );
}

it('the README names every command as its definition does (UPDATE_GOLDEN=1 writes it anew)', () => {
  const text = readFileSync(path, 'utf8');
  const wanted = text.replace(place, (_, head, foot) => `${head}\n${table(ecpctl)}\n\n${table(agent)}\n\n${foot}`);
  expect(wanted).toContain('`ecpctl scale`');
  for (const { path: words, hidden } of ecpctl.commands)
    if (!hidden) expect(wanted).toContain(`\`ecpctl ${words.join(' ')}\``);
  if (process.env.UPDATE_GOLDEN) writeFileSync(path, wanted);
  expect(readFileSync(path, 'utf8')).toBe(wanted);
});
