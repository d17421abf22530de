import type { Program } from '../../src/cli/program.ts';
import type { Runtime } from '../../src/cli/runtime.ts';

/** Every page of help of a program, as `ask` prints it, one after the other. */
export async function helpPages<C extends Runtime>(
  program: Program<C>,
  ask: (args: readonly string[]) => Promise<string>,
): Promise<string> {
  const groups = [...new Set(program.commands.filter((one) => one.path.length > 1).map((one) => one.path[0] ?? ''))];
  const pages = [
    ['--help'],
    ...groups.map((noun) => [noun, '--help']),
    ...program.commands.filter((one) => !one.hidden && !one.passthrough).map((one) => [...one.path, '--help']),
    ...program.topics.map((topic) => ['help', topic.name]),
  ];
  let text = '';
  for (const args of pages) text += `$ ${program.name} ${args.join(' ')}\n${await ask(args)}\n`;
  return text;
}
