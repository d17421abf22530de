import { Failure } from '../core/errors.ts';
import type { Lang, Text } from '../core/text.ts';
import { printable } from './display.ts';
import type { Host } from './runtime.ts';

export interface Choice<T> {
  readonly name: string;
  readonly value: T;
  readonly hint?: string;
}

/** Questions to the person; all on stderr, so that stdout stays payload. Ctrl-C is the failure `interrupted`. */
export interface Prompter {
  text(question: Text, options?: { initial?: string; check?: (answer: string) => true | Text }): Promise<string>;
  secret(question: Text): Promise<string>;
  confirm(question: Text, initial?: boolean): Promise<boolean>;
  /** A list that narrows while typing. */
  pick<T>(question: Text, choices: readonly Choice<T>[]): Promise<T>;
}

/** Loads @inquirer/prompts: call it when there is something to ask. */
export async function createPrompter(host: Host, lang: Lang, signal: AbortSignal): Promise<Prompter> {
  const { confirm, input, password, search } = await import('@inquirer/prompts');
  const context = { input: host.stdin, output: host.stderr, signal };
  const ask = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof Error && error.name === 'ExitPromptError') throw new Failure('interrupted');
      throw error;
    }
  };
  return {
    text: (question, { initial, check } = {}) =>
      ask(
        input(
          {
            message: question[lang],
            ...(initial === undefined ? {} : { default: initial }),
            ...(check === undefined ? {} : { validate: (answer: string) => translated(check(answer), lang) }),
          },
          context,
        ),
      ),
    secret: (question) => ask(password({ message: question[lang], mask: '*' }, context)),
    confirm: (question, initial = false) => ask(confirm({ message: question[lang], default: initial }, context)),
    pick: <T>(question: Text, choices: readonly Choice<T>[]) =>
      ask(
        search<T>(
          {
            message: question[lang],
            source: (term) =>
              choices
                .filter(({ name, hint }) => !term || `${name} ${hint}`.toLowerCase().includes(term.toLowerCase()))
                .map(({ name, value, hint }) => ({
                  name: printable(name),
                  value,
                  ...(hint === undefined ? {} : { description: hint }),
                })),
          },
          context,
        ),
      ),
  };
}

function translated(answer: true | Text, lang: Lang): true | string {
  return answer === true ? true : answer[lang];
}
