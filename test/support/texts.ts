import type { Command, Options } from '../../src/cli/command.ts';
import type { Program } from '../../src/cli/program.ts';
import type { Runtime } from '../../src/cli/runtime.ts';
import type { Text } from '../../src/core/text.ts';

/** What is wrong with a program's texts: one language missing, untranslated, or with other places than the other. */
export function faultyTexts<C extends Runtime>(program: Program<C>): string[] {
  const texts: [string, Text][] = [['program', program.summary], ...options('global', program.globals)];
  for (const [noun, text] of Object.entries(program.nouns)) texts.push([noun, text]);
  for (const { title, names } of program.groups) texts.push([`group of ${names.join(' ')}`, title]);
  for (const topic of program.topics)
    texts.push([`help ${topic.name}`, topic.summary], [`body of ${topic.name}`, topic.body()]);
  for (const command of program.commands) texts.push(...ofCommand(command));
  return texts.flatMap(([where, text]) => fault(text).map((what) => `${where}: ${what}`));
}

function ofCommand<C>(command: Command<C>): [string, Text][] {
  const name = command.path.join(' ');
  return [
    [name, command.summary],
    ...(command.description ? [[`${name}, description`, command.description] as [string, Text]] : []),
    ...command.args.map((arg): [string, Text] => [`${name} ${arg.name}`, arg.help]),
    ...command.examples.map((example): [string, Text] => [`${name}, example ${example.run}`, example.help]),
    ...options(name, command.options),
  ];
}

function options(where: string, all: Options): [string, Text][] {
  return Object.entries(all).map(([key, option]) => [`${where} --${key}`, option.help]);
}

function fault(text: Text): string[] {
  const places = (one: string) =>
    [...one.matchAll(/\{(\w+)\}/g)]
      .map(([place]) => place)
      .sort()
      .join();
  const found: string[] = [];
  if (text.en.trim() === '' || text.zh.trim() === '') found.push('one language is empty');
  if (!/[\u4e00-\u9fff]/.test(text.zh) && /[a-z]{4} [a-z]{3}/i.test(text.zh))
    found.push('the Chinese text is not Chinese');
  if (/[\u4e00-\u9fff]/.test(text.en)) found.push('the English text is not English');
  if (places(text.en) !== places(text.zh)) found.push('the places differ');
  return found;
}
