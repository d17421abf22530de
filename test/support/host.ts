import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type { Host } from '../../src/cli/runtime.ts';

export interface FakeHost extends Host {
  readonly stdoutText: () => string;
  readonly stderrText: () => string;
  readonly listeners: (signal: 'SIGINT' | 'SIGTERM') => number;
  /** Delivers a signal as the system would. */
  readonly kill: (signal: 'SIGINT' | 'SIGTERM') => void;
}

export interface FakeHostOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** A terminal of this many columns behind stdin, stdout and stderr. */
  readonly terminal?: number;
}

/** A process made of memory: `argv` without the two words that Node puts in front. */
export function fakeHost(argv: readonly string[], { env = {}, stdin = '', terminal }: FakeHostOptions = {}): FakeHost {
  const signals = new EventEmitter();
  const [stdout, stdoutText] = capture(terminal);
  const [stderr, stderrText] = capture(terminal);
  const input = Object.assign(new PassThrough(), terminal === undefined ? {} : { isTTY: true });
  // A terminal stays open: what is typed comes when it is asked for.
  if (terminal === undefined) input.end(stdin);
  else input.write(stdin);
  return {
    argv: ['node', 'program', ...argv],
    env,
    stdin: input,
    stdout,
    stderr,
    on: (event, listener) => signals.on(event, listener),
    off: (event, listener) => signals.off(event, listener),
    stdoutText,
    stderrText,
    listeners: (signal) => signals.listenerCount(signal),
    kill: (signal) => signals.emit(signal),
  };
}

function capture(terminal: number | undefined): [Writable & { isTTY?: boolean; columns?: number }, () => string] {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  // Like the process's own streams, which a pipe never ends.
  stream.end = () => stream;
  return [
    Object.assign(
      stream,
      // What a spinner moves about with.
      terminal === undefined
        ? {}
        : { isTTY: true, columns: terminal, cursorTo: () => true, clearLine: () => true, moveCursor: () => true },
    ),
    () => Buffer.concat(chunks).toString(),
  ];
}
