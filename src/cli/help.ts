import type { Lang, Text } from '../core/text.ts';
import type { Paint } from './color.ts';
import type { Command, Option, Options } from './command.ts';
import { flagName, takesValue } from './command.ts';
import { displayWidth, padEnd, wrap } from './display.ts';
import type { Program } from './program.ts';
import { commandsUnder } from './program.ts';
import type { Runtime } from './runtime.ts';

const labels = {
  usage: { en: 'Usage', zh: '用法' },
  commands: { en: 'Commands', zh: '命令' },
  args: { en: 'Arguments', zh: '参数' },
  options: { en: 'Options', zh: '选项' },
  globals: { en: 'Global options', zh: '全局选项' },
  examples: { en: 'Examples', zh: '示例' },
  topics: { en: 'Help topics', zh: '帮助主题' },
  more: { en: 'More on a command: {program} COMMAND --help', zh: '查看命令的详细说明：{program} 命令 --help' },
  choices: { en: 'one of', zh: '可选' },
  fallback: { en: 'default', zh: '默认' },
  from: { en: 'environment', zh: '环境变量' },
  many: { en: 'may be repeated', zh: '可重复' },
} as const satisfies Record<string, Text>;

export interface HelpStyle {
  readonly lang: Lang;
  readonly width: number;
  readonly paint: Paint;
}

/** The page for these words: the program, a group, or one command. */
export function helpPage<C extends Runtime>(program: Program<C>, words: readonly string[], style: HelpStyle): string {
  const command = program.commands.find((one) => one.path.join(' ') === words.join(' '));
  if (command) return commandPage(program, command, style);
  return words.length === 0 ? programPage(program, style) : groupPage(program, words, style);
}

type Row = readonly [left: string, right: string];

function programPage<C extends Runtime>(program: Program<C>, style: HelpStyle): string {
  const shown = program.commands.filter((command) => !command.hidden);
  const sections = program.groups.map(({ title, names }) => {
    const rows = names.flatMap((name): Row[] => {
      const under = shown.filter((command) => command.path[0] === name);
      const alone = under.length === 1 && under[0]?.path.length === 1 ? under[0] : undefined;
      if (alone) return [[name, alone.summary[style.lang]]];
      const summary = program.nouns[name];
      return under.length === 0 || !summary ? [] : [[`${name} ${verbs(under)}`, summary[style.lang]]];
    });
    return section(title[style.lang], rows, style);
  });
  const topics = program.topics.map((topic): Row => [`help ${topic.name}`, topic.summary[style.lang]]);
  return page([
    [program.summary[style.lang]],
    usageLine(`${program.name} ${style.lang === 'zh' ? '命令 [选项]' : 'COMMAND [options]'}`, style),
    ...sections,
    section(labels.globals[style.lang], optionRows({ ...program.globals, ...always }, style.lang), style),
    section(labels.topics[style.lang], topics, style),
    [labels.more[style.lang].replace('{program}', program.name)],
  ]);
}

function verbs<C>(commands: readonly Command<C>[]): string {
  return commands
    .map((command) => command.path[1])
    .filter((verb) => verb !== undefined)
    .join('|');
}

function groupPage<C extends Runtime>(program: Program<C>, words: readonly string[], style: HelpStyle): string {
  const rows = commandsUnder(program, words)
    .filter((command) => !command.hidden)
    .map((command): Row => [command.path.join(' '), command.summary[style.lang]]);
  const summary = program.nouns[words[0] ?? ''];
  return page([
    summary ? [summary[style.lang]] : [],
    usageLine(`${program.name} ${words.join(' ')} ${style.lang === 'zh' ? '命令 [选项]' : 'COMMAND [options]'}`, style),
    section(labels.commands[style.lang], rows, style),
    [labels.more[style.lang].replace('{program}', `${program.name} ${words.join(' ')}`)],
  ]);
}

function commandPage<C extends Runtime>(program: Program<C>, command: Command<C>, style: HelpStyle): string {
  const { lang } = style;
  const args = command.args.map((arg): Row => [arg.name.toUpperCase(), arg.help[lang]]);
  const globals = Object.fromEntries(Object.entries(program.globals).filter(([key]) => !(key in command.options)));
  return page([
    wrap(command.summary[lang], style.width),
    command.description ? command.description[lang].split('\n').flatMap((line) => wrap(line, style.width)) : [],
    usageLine(usageOf(program.name, command, lang), style),
    section(labels.args[lang], args, style),
    section(labels.options[lang], optionRows(command.options, lang), style),
    examples(command, style),
    globalFlags(program.name, globals, style),
  ]);
}

/** The global options by name alone: each page would otherwise say the same twenty lines. */
function globalFlags(program: string, globals: Options, style: HelpStyle): string[] {
  const flags = Object.entries(globals)
    .filter(([, option]) => !option.hidden)
    .map(([key, option]) => (option.short ? `-${option.short}` : `--${flagName(key)}`));
  const lines = wrap([...flags, '-h'].join(' '), style.width - 2).map((line) => `  ${line}`);
  const where = style.lang === 'zh' ? `（说明见：${program} --help）` : ` (see: ${program} --help)`;
  return [heading(`${labels.globals[style.lang]}${where}`, style), ...lines];
}

/** `ecpctl scale CLUSTER [options]` */
export function usageOf<C>(program: string, command: Command<C>, lang: Lang): string {
  const args = command.args.map((arg) => {
    const shown = `${arg.name.toUpperCase()}${arg.many ? '...' : ''}`;
    return arg.optional ? `[${shown}]` : shown;
  });
  const options = Object.keys(command.options).length > 0 ? [lang === 'zh' ? '[选项]' : '[options]'] : [];
  return [program, ...command.path, ...args, ...options].join(' ');
}

const always: Options = {
  help: { kind: 'flag', short: 'h', help: { en: 'Show this help', zh: '显示帮助' } },
};

function optionRows(options: Options, lang: Lang): Row[] {
  return Object.entries(options)
    .filter(([, option]) => !option.hidden)
    .map(([key, option]): Row => [optionLeft(key, option), optionRight(option, lang)]);
}

/** `-o, --output FORMAT` */
export function optionLeft(key: string, option: Option): string {
  const short = option.short ? `-${option.short}, ` : '    ';
  const name = option.kind === 'flag' && option.negatable ? `--[no-]${flagName(key)}` : `--${flagName(key)}`;
  if (option.kind === 'choice' && option.bare !== undefined) return `${short}${name}[=${option.choices.join('|')}]`;
  if (option.kind === 'boolean') return `${short}${name}[=True|False]`;
  return takesValue(option) ? `${short}${name} ${option.value ?? key.toUpperCase()}` : `${short}${name}`;
}

/** What the option does, with its choices, default and environment variable. */
export function optionRight(option: Option, lang: Lang): string {
  const note = (label: Text, words: readonly string[]) =>
    lang === 'zh' ? `${label.zh}：${words.join('、')}` : `${label.en}: ${words.join(', ')}`;
  const notes: string[] = [];
  if (option.kind === 'choice' && option.bare === undefined) notes.push(note(labels.choices, option.choices));
  if (option.kind === 'text' && option.many) notes.push(labels.many[lang]);
  if (option.fallback !== undefined) notes.push(note(labels.fallback, [option.fallback]));
  if (option.env !== undefined) notes.push(note(labels.from, option.env.split(', ')));
  if (notes.length === 0) return option.help[lang];
  return lang === 'zh' ? `${option.help.zh}（${notes.join('；')}）` : `${option.help.en} (${notes.join('; ')})`;
}

function examples<C>(command: Command<C>, style: HelpStyle): string[] {
  if (command.examples.length === 0) return [];
  const lines = command.examples.flatMap(({ run, help }) => [
    `  ${style.paint(`# ${help[style.lang]}`, 'dim')}`,
    `  ${run}`,
  ]);
  return [heading(labels.examples[style.lang], style), ...lines];
}

function usageLine(usage: string, style: HelpStyle): string[] {
  return [heading(labels.usage[style.lang], style), `  ${usage}`];
}

function section(title: string, rows: readonly Row[], style: HelpStyle): string[] {
  if (rows.length === 0) return [];
  const left = Math.min(28, Math.max(...rows.map(([name]) => displayWidth(name))));
  const indent = ' '.repeat(left + 4);
  const lines = rows.flatMap(([name, text]) => {
    const [first = '', ...more] = wrap(text, Math.max(24, style.width - left - 4));
    const tail = more.map((line) => indent + line);
    return displayWidth(name) > left
      ? [`  ${name}`, indent + first, ...tail]
      : [`  ${padEnd(name, left)}  ${first}`.trimEnd(), ...tail];
  });
  return [heading(title, style), ...lines];
}

function heading(title: string, style: HelpStyle): string {
  return style.paint(`${title}${style.lang === 'zh' ? '：' : ':'}`, 'bold');
}

function page(sections: readonly (readonly string[])[]): string {
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
