import type { Level } from '../../core/levels.ts';
import { parseLevel } from '../../core/levels.ts';
import { lastTime } from './schema.ts';

/** What is kept of a document (its fields: `contract/log-document.ts`). */
export interface LogDocument {
  /** Milliseconds. */
  readonly time: number;
  readonly level: Level;
  readonly node: string;
  readonly dataset: string;
  readonly message: string;
}

const longestMessage = 256 * 1024;

/** Reads a document as the agent writes it, or with nested objects as other shippers do; a string says what is wrong. */
export function readDocument(source: unknown): LogDocument | string {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return 'the document is no object';
  const fields = source as Readonly<Record<string, unknown>>;
  const stamp = fields['@timestamp'];
  const time = typeof stamp === 'number' ? stamp : Date.parse(String(stamp));
  if (!Number.isSafeInteger(time) || time < 0 || time > lastTime)
    return 'failed to parse field [@timestamp] of type [date]';
  const message = fields.message;
  if (typeof message !== 'string') return 'failed to parse field [message] of type [text]';
  return {
    time,
    level: parseLevel(fieldOf(fields, 'log.level')) ?? 'info',
    node: fieldOf(fields, 'service.node.name').slice(0, 256),
    dataset: fieldOf(fields, 'event.dataset').slice(0, 64),
    message: clean(message).slice(0, longestMessage),
  };
}

/** A field by its flat name, or by the path of objects that it stands for. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const flat = fields[name];
  if (typeof flat === 'string') return clean(flat);
  let value: unknown = fields;
  for (const part of name.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  return typeof value === 'string' ? clean(value) : '';
}

/** SQLite cannot give a NUL back, and a record must not be lost for one. */
function clean(value: string): string {
  return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
