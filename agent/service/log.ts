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
    const safe = (text: string) =>
      this.#secrets.redact(text.length > longestText ? `${text.slice(0, longestText)}…` : text);
    const data = redactValue(plain(fields)) as Record<string, unknown>;
    if (this.#config.format === 'json') {
      return `${this.#secrets.redact(JSON.stringify({ time, level, part, message: safe(message), ...data }))}\n`;
    }
    const words = Object.entries(data).map(([key, value]) => ` ${key}=${quoted(value)}`);
    return `${time} [${level}] ${part}: ${safe(oneLine(message) + words.join(''))}\n`;
  }
}

function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
