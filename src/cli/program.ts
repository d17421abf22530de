import type { Text } from '../core/text.ts';
import type { Command, Options } from './command.ts';
import type { Runtime } from './runtime.ts';

/** A page that `PROGRAM help NAME` shows. */
export interface Topic {
  readonly name: string;
  readonly summary: Text;
  readonly body: () => Text;
}

/** A group of commands in the overview, and what its name means where it is the first word of a path. */
export interface Group {
  readonly title: Text;
  /** First words of the commands that belong here. */
  readonly names: readonly string[];
}

/** One of the two programs, as a value. */
export interface Program<Context extends Runtime> {
  readonly name: string;
  readonly summary: Text;
  readonly globals: Options;
  readonly commands: readonly Command<Context>[];
  /** What a first word that is no command itself stands for (`context`, `logs`). */
  readonly nouns: Readonly<Record<string, Text>>;
  readonly groups: readonly Group[];
  readonly topics: readonly Topic[];
  readonly context: (runtime: Runtime) => Context;
}

/** Commands at or under these words. */
export function commandsUnder<C extends Runtime>(program: Program<C>, words: readonly string[]): readonly Command<C>[] {
  return program.commands.filter((command) => words.every((word, at) => command.path[at] === word));
}
