import type { Lang } from '../core/text.ts';
import type { Command, Options } from './command.ts';
import { optionLeft, optionRight, usageOf } from './help.ts';
import type { Program } from './program.ts';
import type { Runtime } from './runtime.ts';

/** The reference page in Markdown, made from the definitions like everything else that people read. */
export function referencePage<C extends Runtime>(program: Program<C>, lang: Lang): string {
  const zh = lang === 'zh';
  const commands = program.commands.filter((command) => !command.hidden);
  return [
    `# ${program.name}`,
    program.summary[lang],
    `## ${zh ? '全局选项' : 'Global options'}`,
    optionTable(program.globals, lang),
    ...commands.map((command) => commandSection(program.name, command, lang)),
  ]
    .join('\n\n')
    .concat('\n');
}

function commandSection<C>(program: string, command: Command<C>, lang: Lang): string {
  const parts = [
    `## ${command.path.join(' ')}`,
    command.summary[lang],
    ...(command.description ? [command.description[lang]] : []),
    `    ${usageOf(program, command, lang)}`,
  ];
  if (command.args.length > 0) {
    parts.push(command.args.map((arg) => `- \`${arg.name.toUpperCase()}\`: ${arg.help[lang]}`).join('\n'));
  }
  if (Object.values(command.options).some((option) => !option.hidden)) parts.push(optionTable(command.options, lang));
  if (command.examples.length > 0) {
    parts.push(command.examples.flatMap(({ run, help }) => [`    # ${help[lang]}`, `    ${run}`]).join('\n'));
  }
  return parts.join('\n\n');
}

function optionTable(options: Options, lang: Lang): string {
  const rows = Object.entries(options)
    .filter(([, option]) => !option.hidden)
    .map(
      ([key, option]) =>
        `| \`${optionLeft(key, option).trim()}\` | ${optionRight(option, lang).replaceAll('|', '\\|')} |`,
    );
  const head = lang === 'zh' ? '| 选项 | 说明 |' : '| option | what it does |';
  return [head, '| --- | --- |', ...rows].join('\n');
}
