import type { Text } from '../core/text.ts';

/** What a command does to the world; decides confirmations, waiting and what a dry run may do. */
export type Intent = 'reads' | 'mutates' | 'destroys' | 'waits' | 'local';

interface OptionBase {
  readonly help: Text;
  /** One letter, without the dash. */
  readonly short?: string;
  /** Further spellings that are accepted but not shown, without dashes. */
  readonly aliases?: readonly string[];
  /** What stands for the value in help. */
  readonly value?: string;
  /** Shown in help as the value that counts when none is given. */
  readonly fallback?: string;
  /** The environment variable that gives it too; for help only. */
  readonly env?: string;
  /** Name of a completer for live values. */
  readonly complete?: string;
  readonly hidden?: true;
}

export interface FlagOption extends OptionBase {
  readonly kind: 'flag';
  /** Also offers `--no-NAME`. */
  readonly negatable?: true;
}
/** `--name`, `--name True`, `--name=false`. */
export interface BooleanOption extends OptionBase {
  readonly kind: 'boolean';
}
export interface TextOption extends OptionBase {
  readonly kind: 'text';
  readonly many?: true;
}
export interface IntegerOption extends OptionBase {
  readonly kind: 'integer';
  readonly min?: number;
  readonly max?: number;
}
/** `10s`, `5m`, a bare number of seconds; arrives as milliseconds. */
export interface DurationOption extends OptionBase {
  readonly kind: 'duration';
}
export interface ChoiceOption extends OptionBase {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  /** What the bare `--name` stands for; another choice is then given as `--name=CHOICE` alone. */
  readonly bare?: string;
}

export type Option = FlagOption | BooleanOption | TextOption | IntegerOption | DurationOption | ChoiceOption;

/** Options by camel-case key; `logDir` is `--log-dir`. */
export type Options = Readonly<Record<string, Option>>;

export interface Argument {
  readonly name: string;
  readonly help: Text;
  readonly optional?: true;
  /** Takes all that is left; the last argument alone may. */
  readonly many?: true;
  /** Name of a completer for live values. */
  readonly complete?: string;
}

export interface Example {
  readonly run: string;
  readonly help: Text;
}

type OptionValue<O extends Option> = O extends { kind: 'flag' | 'boolean' }
  ? boolean
  : O extends { kind: 'integer' | 'duration' }
    ? number
    : O extends { kind: 'choice'; choices: readonly (infer C)[] }
      ? C
      : O extends { many: true }
        ? readonly string[]
        : string;

export type OptionValues<O extends Options> = { readonly [K in keyof O]: OptionValue<O[K]> | undefined };

export type ArgumentValues<A extends readonly Argument[]> = {
  readonly [E in A[number] as E['name']]: E extends { many: true }
    ? readonly string[]
    : E extends { optional: true }
      ? string | undefined
      : string;
};

export interface Input<A extends readonly Argument[], O extends Options> {
  readonly args: ArgumentValues<A>;
  readonly options: OptionValues<O>;
}

/** A command is a value: help, parsing, completion and the reference page are all made from it. */
export interface Command<Context> {
  /** Words on the command line: `['scale']`, `['logs', 'tail']`. */
  readonly path: readonly string[];
  readonly summary: Text;
  readonly description?: Text;
  readonly intent: Intent;
  readonly args: readonly Argument[];
  readonly options: Options;
  readonly examples: readonly Example[];
  /** Everything after the arguments belongs to the command itself, dashes included (`api`, `emqx`). */
  readonly passthrough?: true;
  readonly hidden?: true;
  /** Resolves with an exit code where success has more than one; throws a Failure otherwise. */
  run(context: Context, input: Input<readonly Argument[], Options>): Promise<number | undefined>;
}

export interface CommandDefinition<Context, A extends readonly Argument[], O extends Options> {
  readonly path: readonly string[];
  readonly summary: Text;
  readonly description?: Text;
  readonly intent: Intent;
  readonly args?: A;
  readonly options?: O;
  readonly examples?: readonly Example[];
  readonly passthrough?: true;
  readonly hidden?: true;
  run(context: Context, input: Input<A, O>): Promise<number> | Promise<void>;
}

/** `defineCommand<Context>()({...})`: the types of `args` and `options` follow from the definition. */
export function defineCommand<Context>() {
  return <const A extends readonly Argument[] = readonly [], const O extends Options = Record<never, never>>(
    definition: CommandDefinition<Context, A, O>,
  ): Command<Context> => ({
    ...definition,
    args: definition.args ?? [],
    options: definition.options ?? {},
    examples: definition.examples ?? [],
    // The parser delivers exactly what the definition says, so the typed view is sound.
    run: async (context, input) => {
      const code = await definition.run(context, input as unknown as Input<A, O>);
      return typeof code === 'number' ? code : undefined;
    },
  });
}

/** `logDir` -> `log-dir`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** True when the option is written with a value behind it. */
export function takesValue(option: Option): boolean {
  return (
    option.kind !== 'flag' && option.kind !== 'boolean' && !(option.kind === 'choice' && option.bare !== undefined)
  );
}
