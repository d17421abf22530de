import { systemClock } from '../core/clock.ts';
import { exit, Failure, reasonOf } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import { version } from '../core/version.ts';
import { painter } from './color.ts';
import { helpPage } from './help.ts';
import { chooseLang } from './lang.ts';
import type { Format } from './output.ts';
import { formats, Output } from './output.ts';
import type { Request } from './parse.ts';
import { parse } from './parse.ts';
import type { Program } from './program.ts';
import { reportOf } from './report.ts';
import type { Host, Runtime } from './runtime.ts';

/** Runs a program to its exit code: parse, help or run, report. Everything that was opened is closed before. */
export async function runProgram<C extends Runtime>(program: Program<C>, host: Host): Promise<number> {
  const argv = host.argv.slice(2);
  const early = earlyGlobals(argv);
  const lang = chooseLang(early.lang, host.env);
  const paintNote = painter(early.color, host.env, host.stderr);
  const closers: (() => void | Promise<void>)[] = [];
  const abort = new AbortController();
  // The next Ctrl-C finds no listener and ends the process at once. Not before this one is through: the spinner's
  // library also listens, and ends the process itself when it finds that nobody else does.
  const interrupt = () => {
    setImmediate(() => host.off('SIGINT', interrupt));
    abort.abort(new Failure('interrupted'));
  };
  const terminate = () => {
    setImmediate(() => host.off('SIGTERM', terminate));
    abort.abort(new Failure('terminated'));
  };
  let readerLeft = false;
  let unwritten: Failure | undefined;
  const broken = (error: NodeJS.ErrnoException) => {
    // `ecpctl list | head -1`: the reader has what it wanted; that is no failure of ours.
    readerLeft = error.code === 'EPIPE';
    unwritten = new Failure('failed', { reason: lost(reasonOf(error)) }, { cause: error });
    abort.abort(readerLeft ? new Failure('interrupted') : unwritten);
  };
  host.stdout.on('error', broken);
  host.on('SIGINT', interrupt);
  host.on('SIGTERM', terminate);
  // What a usage failure points to: the page of the command that was asked for.
  let page = program.name;
  try {
    const request = parse(program, argv);
    if (request.kind === 'run') page = [program.name, ...request.command.path].join(' ');
    const code = await answer(program, request, host, { lang, abort: abort.signal, closers });
    // A full disk is told a turn after the last write: a script must not take half a result for a whole one.
    await new Promise(setImmediate);
    if (unwritten && !readerLeft) throw unwritten;
    return code;
  } catch (thrown) {
    if (readerLeft) return exit.done;
    const error =
      abort.signal.aborted && !(thrown instanceof Failure && thrown.code !== 'interrupted')
        ? abort.signal.reason
        : thrown;
    const report = reportOf(error, {
      program: error instanceof Failure && error.code !== 'internal' ? page : program.name,
      lang,
      json: early.json,
      debug: early.debug,
      paint: paintNote,
    });
    host.stderr.write(report.text);
    return report.exit;
  } finally {
    for (const close of closers.reverse()) await close();
    host.off('SIGINT', interrupt);
    host.off('SIGTERM', terminate);
  }
}

const lost = (reason: string): Text => ({
  en: `the result cannot be written: ${reason}`,
  zh: `无法写出结果：${reason}`,
});

interface Frame {
  readonly lang: 'en' | 'zh';
  readonly abort: AbortSignal;
  readonly closers: (() => void | Promise<void>)[];
}

async function answer<C extends Runtime>(
  program: Program<C>,
  request: Request<C>,
  host: Host,
  frame: Frame,
): Promise<number> {
  if (request.kind === 'version') {
    host.stdout.write(`${program.name} ${version}\n`);
    return exit.done;
  }
  if (request.kind !== 'run') return showHelp(program, request, host, frame.lang);
  const runtime = createRuntime(program.name, request.globals, host, frame);
  await runtime.out.checkQuery();
  return (await request.command.run(program.context(runtime), request.input)) ?? exit.done;
}

function showHelp<C extends Runtime>(
  program: Program<C>,
  request: { kind: string; words: readonly string[] },
  host: Host,
  lang: 'en' | 'zh',
): number {
  const wrong = request.kind === 'group';
  const stream = wrong ? host.stderr : host.stdout;
  const topic = program.topics.find((one) => one.name === request.words[0]);
  if (topic) {
    stream.write(`${topic.body()[lang].trimEnd()}\n`);
    return exit.done;
  }
  const known =
    request.words.length === 0 ||
    program.commands.some((one) => request.words.every((word, at) => one.path[at] === word));
  if (!known) throw new Failure('unknown_command', { name: request.words.join(' '), program: program.name });
  const width = Math.min(100, host.stdout.isTTY ? (host.stdout.columns ?? 80) : 80);
  stream.write(helpPage(program, request.words, { lang, width, paint: painter(undefined, host.env, stream) }));
  return wrong ? exit.usage : exit.done;
}

function createRuntime(program: string, globals: Record<string, unknown>, host: Host, frame: Frame): Runtime {
  const text = (key: string) => (typeof globals[key] === 'string' ? globals[key] : undefined);
  const out = new Output({
    stdout: host.stdout,
    stderr: host.stderr,
    env: host.env,
    lang: frame.lang,
    format: (text('output') as Format | undefined) ?? 'table',
    color: text('color'),
    headers: globals.headers !== false,
    columns: text('columns')
      ?.split(',')
      .map((key) => key.trim()),
    query: text('query'),
    quiet: globals.quiet === true,
  });
  return {
    program,
    host,
    env: host.env,
    lang: frame.lang,
    clock: systemClock,
    random: Math.random,
    signal: frame.abort,
    out,
    interactive: host.stdin.isTTY === true && host.stderr.isTTY === true,
    debug: globals.debug === true,
    globals,
    prompt: async () => (await import('./prompt.ts')).createPrompter(host, frame.lang, frame.abort),
    atExit: (close) => frame.closers.push(close),
  };
}

/** What an error message needs to know even when the command line itself is what is wrong. */
function earlyGlobals(argv: readonly string[]) {
  const given = (...names: string[]) => {
    for (const [at, token] of argv.entries()) {
      if (token === '--') return undefined;
      if (names.includes(token)) return argv[at + 1];
      const name = names.find((one) => one.startsWith('--') && token.startsWith(`${one}=`));
      if (name) return token.slice(name.length + 1);
      const glued = names.find((one) => !one.startsWith('--') && token.startsWith(one) && token.length > 2);
      if (glued) return token.slice(2);
    }
    return undefined;
  };
  const format = given('-o', '--output');
  return {
    lang: given('--lang'),
    color: given('--color'),
    json: format !== undefined && formats.some((one) => one === format) && ['json', 'ndjson', 'yaml'].includes(format),
    debug: argv.includes('--debug'),
  };
}
