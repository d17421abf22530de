import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Lang } from '../core/text.ts';
import type { Output } from './output.ts';
import type { Prompter } from './prompt.ts';

/** The process as a command sees it; a test builds its own. */
export interface Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: Writable & { isTTY?: boolean; columns?: number };
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** What every command of both programs gets; a program adds its own lazy members. */
export interface Runtime {
  readonly program: string;
  readonly host: Host;
  readonly env: Host['env'];
  readonly lang: Lang;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborts on Ctrl-C and SIGTERM, with the Failure that says so as its reason. */
  readonly signal: AbortSignal;
  readonly out: Output;
  /** A person is there to be asked: stdin and stderr are a terminal. */
  readonly interactive: boolean;
  readonly debug: boolean;
  /** Values of the program's global options. */
  readonly globals: Readonly<Record<string, unknown>>;
  prompt(): Promise<Prompter>;
  /** Runs at the end, whatever happened; the last one given first. */
  atExit(close: () => void | Promise<void>): void;
}
