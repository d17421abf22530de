import type { Writable } from 'node:stream';
import { redactValue } from '../../src/core/redact.ts';
import type { AgentConfig, LogLevel } from '../config/load.ts';
import type { Logger } from '../part.ts';
import { RotatingFile } from './log-file.ts';
import type { Secrets } from './secrets.ts';

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Longer texts come from elsewhere (an answer's body, a stack); their beginning says enough. */
const longestText = 4000;

/** The agent's own log: English, one line an event, never a secret. */
export class AgentLog {
  readonly #secrets: Secrets;
  readonly #console: Writable;
  readonly #home: string;
  #config: AgentConfig['logger'];
  #file: RotatingFile | undefined;

  /** `console` takes the lines where `mode` is console. Throws where the file cannot be opened. */
  constructor(config: AgentConfig['logger'], home: string, console: Writable, secrets: Secrets) {
    this.#secrets = secrets;
    this.#console = console;
    this.#home = home;
    this.#config = config;
    this.configure(config);
  }

  /** Takes changed settings into effect; the present file stays where the new one cannot be opened. */
  configure(config: AgentConfig['logger']): void {
    const next = config.mode === 'file' ? new RotatingFile(config.file, this.#home, config) : undefined;
    next?.open();
    this.#file?.close();
    this.#file = next;
    this.#config = config;
  }

  /** The logger of one part. */
  for(part: string): Logger {
    const at = (level: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      this.#write(level, part, message, fields);
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  close(): void {
    this.#file?.close();
  }

  #write(level: LogLevel, part: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (order.indexOf(level) < order.indexOf(this.#config.level)) return;
    const line = this.#line(level, part, message, fields);
    if (!this.#file) {
      this.#console.write(line);
      return;
    }
    this.#file.write(line, (count) =>
      this.#line('warn', 'log', `${count} lines could not be written to this file before`, {}),
    );
  }

  #line(level: LogLevel, part: string, message: string, fields: Readonly<Record<string, unknown>>): string {
    const time = new Date().toISOString();
    // Before anything is escaped or joined: a secret is recognised only as it was given.
    const text = cut(this.#secrets.redact(message));
    const data = redactValue(this.#cleaned(fields)) as Record<string, unknown>;
    if (this.#config.format === 'json') return `${JSON.stringify({ time, level, part, message: text, ...data })}\n`;
    const words = Object.entries(data).map(([key, value]) => ` ${key}=${quoted(value)}`);
    return `${time} [${level}] ${part}: ${oneLine(text)}${words.join('')}\n`;
  }

  #cleaned(value: unknown): unknown {
    if (typeof value === 'string') return cut(this.#secrets.redact(value));
    if (value instanceof Error) return this.#cleaned(value.message);
    if (Array.isArray(value)) return value.map((inner) => this.#cleaned(inner));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#cleaned(inner)]));
  }
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
