import { Command as Commander, CommanderError, Option as CommanderOption } from 'commander';
import { parseDuration } from '../core/duration.ts';
import { Failure } from '../core/errors.ts';
import type { Command, Input, Option, Options } from './command.ts';
import { flagName, takesValue } from './command.ts';
import type { Program } from './program.ts';
import type { Runtime } from './runtime.ts';
import { nearest } from './suggest.ts';

/** What the command line asks for, before anything is run. */
export type Request<C extends Runtime> =
  | {
      readonly kind: 'run';
      readonly command: Command<C>;
      readonly input: Input<readonly [], Options>;
      readonly globals: Record<string, unknown>;
    }
  | { readonly kind: 'help'; readonly words: readonly string[]; readonly globals: Record<string, unknown> }
  | { readonly kind: 'group'; readonly words: readonly string[]; readonly globals: Record<string, unknown> }
  | { readonly kind: 'version' };

/** Finds the command by its words, then lets commander parse the rest. Throws usage failures. */
export function parse<C extends Runtime>(program: Program<C>, argv: readonly string[]): Request<C> {
  const { words, rest, tail, asksHelp, asksVersion } = locate(program, argv);
  const command = program.commands.find(
    (one) => one.path.length === words.length && one.path.every((word, at) => word === words[at]),
  );
  if (asksHelp && !command?.passthrough) return { kind: 'help', words, globals: {} };
  if (asksVersion && words.length === 0) return { kind: 'version' };
  if (words[0] === 'help') return { kind: 'help', words: tail.filter((word) => !word.startsWith('-')), globals: {} };
  if (!command) {
    const stray = tail[0];
    if (stray !== undefined && !stray.startsWith('-')) throw unknownCommand(program, words, stray);
    const flag = rest.find((token) => token.startsWith('-') && findOption(program.globals, token) === undefined);
    if (flag !== undefined) throw new Failure('unknown_option', { name: flag, ...programOf(program, words) });
    return { kind: words.length === 0 ? 'help' : 'group', words, globals: {} };
  }
  return { kind: 'run', command, ...parseCommand(program, command, rest) };
}

interface Located {
  readonly words: string[];
  /** All of argv but the command's words. */
  readonly rest: string[];
  /** What stands behind the last of the words. */
  readonly tail: string[];
  readonly asksHelp: boolean;
  readonly asksVersion: boolean;
}

/** Walks over global options before and between the words, so that `ecpctl --context a logs tail x` is found too. */
function locate<C extends Runtime>(program: Program<C>, argv: readonly string[]): Located {
  const words: string[] = [];
  const rest: string[] = [];
  let at = 0;
  for (; at < argv.length; at++) {
    const token = argv[at] ?? '';
    if (token.startsWith('-') && token !== '-') {
      if (token === '--' || token === '--help' || token === '-h') break;
      rest.push(token);
      const option = findOption(program.globals, token);
      if (option && takesValue(option) && !token.includes('=') && at + 1 < argv.length) rest.push(argv[++at] ?? '');
      continue;
    }
    const longer = [...words, token];
    const known =
      (token === 'help' && words.length === 0) ||
      program.commands.some((command) => longer.every((word, index) => command.path[index] === word));
    if (!known) break;
    words.push(token);
    if (token === 'help') {
      at++;
      break;
    }
  }
  const tail = argv.slice(at);
  const options = tail.includes('--') ? tail.slice(0, tail.indexOf('--')) : tail;
  return {
    words,
    rest: [...rest, ...tail],
    tail,
    asksHelp: options.includes('--help') || options.includes('-h'),
    asksVersion: [...rest, ...tail].includes('--version'),
  };
}

function findOption(options: Options, token: string): Option | undefined {
  const name = token.replace(/^--?/, '').replace(/=.*$/, '');
  return Object.entries(options).find(([key, option]) =>
    token.startsWith('--') ? flagName(key) === name || option.aliases?.includes(name) : option.short === name[0],
  )?.[1];
}

function unknownCommand<C extends Runtime>(program: Program<C>, words: readonly string[], stray: string): Failure {
  const siblings = new Set(
    program.commands
      .filter((one) => !one.hidden && words.every((word, at) => one.path[at] === word))
      .map((one) => one.path[words.length] ?? ''),
  );
  const guess = nearest(stray, siblings);
  const whole = [...words, stray].join(' ');
  if (guess === undefined) return new Failure('unknown_command', { name: whole, ...programOf(program, words) });
  const meant = [program.name, ...words, guess].join(' ');
  return new Failure(
    'unknown_command',
    { name: whole },
    { hint: { en: `Did you mean: ${meant}`, zh: `您是否想用：${meant}` } },
  );
}

function programOf<C extends Runtime>(program: Program<C>, words: readonly string[]) {
  return { program: [program.name, ...words].join(' ') };
}

function parseCommand<C extends Runtime>(program: Program<C>, command: Command<C>, rest: readonly string[]) {
  const parser = new Commander()
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .helpOption(false);
  if (command.passthrough) parser.passThroughOptions();
  // A command's own option shadows a global one of the same name.
  const globals = Object.fromEntries(Object.entries(program.globals).filter(([key]) => !(key in command.options)));
  addOptions(parser, globals);
  addOptions(parser, command.options);
  for (const { name, optional, many } of command.args) {
    const shown = many ? `${name}...` : name;
    parser.argument(optional ? `[${shown}]` : `<${shown}>`);
  }
  try {
    parser.parse(withBareChoices(rest, command.options), { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? usageFailure(error, program, command) : error;
  }
  const values: Record<string, unknown> = parser.opts();
  const args = Object.fromEntries(command.args.map(({ name }, at) => [name, parser.processedArgs[at]]));
  const pick = (options: Options) => Object.fromEntries(Object.keys(options).map((key) => [key, values[key]]));
  return {
    input: { args, options: pick(command.options) } as unknown as Input<readonly [], Options>,
    globals: {
      ...pick(globals),
      ...Object.fromEntries(
        Object.keys(program.globals)
          .filter((key) => key in command.options)
          .map((key) => [key, values[key]]),
      ),
    },
  };
}

/** `--dry-run` -> `--dry-run=request`: left to commander, the word behind it would be taken for its value. */
function withBareChoices(rest: readonly string[], options: Options): string[] {
  const bare = new Map<string, string>();
  for (const [key, option] of Object.entries(options)) {
    if (option.kind === 'choice' && option.bare !== undefined) bare.set(`--${flagName(key)}`, option.bare);
  }
  const end = rest.includes('--') ? rest.indexOf('--') : rest.length;
  return rest.map((token, at) => (at < end && bare.has(token) ? `${token}=${bare.get(token)}` : token));
}

function addOptions(parser: Commander, options: Options): void {
  for (const [key, option] of Object.entries(options)) {
    const shape = takesValue(option) ? ' <value>' : option.kind === 'flag' ? '' : ' [value]';
    const take = (value: string, before: unknown) => convert(`--${flagName(key)}`, option, value, before);
    const short = option.short ? `-${option.short}, ` : '';
    const main = new CommanderOption(`${short}--${flagName(key)}${shape}`);
    const all = [main, ...(option.aliases ?? []).map((alias) => new CommanderOption(`--${alias}${shape}`))];
    for (const one of all) {
      // Aliases write to the key of the option they stand for.
      one.attributeName = () => key;
      if (option.kind !== 'flag') one.argParser(take);
      if (option.kind === 'boolean') one.preset('true');
      parser.addOption(one);
    }
    if (option.kind === 'flag' && option.negatable) {
      const no = new CommanderOption(`--no-${flagName(key)}`);
      no.attributeName = () => key;
      // Commander would set `true` as the default of a negatable pair; undefined must stay undefined.
      no.defaultValue = undefined;
      parser.addOption(no);
      parser.setOptionValue(key, undefined);
    }
  }
}

function convert(flag: string, option: Option, value: string, before: unknown): unknown {
  const invalid = (en: string, zh: string) => new Failure('invalid_value', { name: flag, reason: { en, zh } });
  switch (option.kind) {
    case 'integer': {
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = option;
      const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      if (option.min !== undefined && option.max !== undefined)
        throw invalid(
          `"${value}" is not a whole number from ${min} to ${max}`,
          `“${value}”不是 ${min} 到 ${max} 之间的整数`,
        );
      if (option.min !== undefined)
        throw invalid(`"${value}" is not a whole number of at least ${min}`, `“${value}”不是不小于 ${min} 的整数`);
      throw invalid(`"${value}" is not a whole number`, `“${value}”不是整数`);
    }
    case 'duration': {
      const ms = parseDuration(value);
      if (ms === undefined)
        throw invalid(`"${value}" is not a duration such as 30s, 5m or 1h`, `“${value}”不是时长，例如 30s、5m、1h`);
      return ms;
    }
    case 'boolean': {
      if (/^(true|yes|on|1)$/i.test(value)) return true;
      if (/^(false|no|off|0)$/i.test(value)) return false;
      throw invalid(`"${value}" is neither true nor false`, `“${value}”既不是 true 也不是 false`);
    }
    case 'choice': {
      const choice = option.choices.find((one) => one.toLowerCase() === value.toLowerCase());
      if (choice === undefined)
        throw invalid(
          `"${value}" is none of: ${option.choices.join(', ')}`,
          `“${value}”不在可选值之内：${option.choices.join('、')}`,
        );
      return choice;
    }
    case 'text':
      return option.many ? [...((before as string[] | undefined) ?? []), value] : value;
    default:
      return value;
  }
}

function usageFailure<C extends Runtime>(error: CommanderError, program: Program<C>, command: Command<C>): Failure {
  // Commander quotes what it complains about; the sentence itself is ours, in the reader's language.
  const name = /'([^']+)'/.exec(error.message)?.[1] ?? error.message;
  const values = { name, ...programOf(program, command.path) };
  switch (error.code) {
    case 'commander.unknownOption': {
      const known = [...Object.entries(command.options), ...Object.entries(program.globals)]
        .filter(([, option]) => !option.hidden)
        .map(([key]) => `--${flagName(key)}`);
      const guess = nearest(name, known);
      return guess === undefined
        ? new Failure('unknown_option', values)
        : new Failure('unknown_option', values, { hint: { en: `Did you mean: ${guess}`, zh: `您是否想用：${guess}` } });
    }
    case 'commander.missingArgument':
      return new Failure('missing_argument', { ...values, name: name.toUpperCase() });
    case 'commander.optionMissingArgument':
      return new Failure('invalid_value', {
        name: name.replace(/ <value>$/, ''),
        reason: { en: 'a value must follow', zh: '后面必须有值' },
      });
    case 'commander.excessArguments': {
      const spare = command.args.length;
      return new Failure('usage', {
        reason: {
          en: `too many arguments: ${command.path.join(' ')} takes ${spare}`,
          zh: `参数过多：${command.path.join(' ')} 只接受 ${spare} 个`,
        },
        ...programOf(program, command.path),
      });
    }
    default:
      return new Failure('usage', {
        reason: error.message.replace(/^error: /, ''),
        ...programOf(program, command.path),
      });
  }
}
