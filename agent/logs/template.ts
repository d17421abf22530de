import { createHash } from 'node:crypto';
import type { LogField } from '../../src/contract/log-document.ts';
import { levels } from '../../src/core/levels.ts';

/** The values that EMQX names in a line and that a document carries under `emqx.`, in the order of kernel/text.ts. */
export const emqxFields = ['tag', 'clientid', 'msg', 'peername', 'username', 'topic', 'pid', 'mfa'] as const;

/** What all documents of one file have in common. */
export interface Origin {
  readonly clusterId: string;
  readonly agentId: string;
  readonly agentVersion: string;
  readonly nodeName: string | undefined;
  /** Set name, `emqx.log`. */
  readonly set: string;
  readonly path: string;
  /** Renames of fields, from -> to. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Place of a constant part behind the beginning of the template. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** Digits of `event.sequence`: a sequence starts as microseconds since the epoch, 16 digits until the year 2286. */
export const sequenceDigits = 16;

/**
 * The constant parts of the documents of one file, laid out behind each other so that each is one copy. The id
 * is 128 bits, the first 80 of a hash over what tells the file from all others, the last 48 the record's offset: a
 * resend has the same id and the index refuses it as a double (contract: ours.md, Logs).
 */
export class Template {
  readonly bytes: Buffer;
  /** `{"create":{"_id":"..."}}` and the document as far as the time. */
  readonly head: Part;
  /** By level: everything between time and message. */
  readonly middle: readonly Part[];
  /** Between message and offset, the sequence inside. */
  readonly tail: Part;
  /** Where the sequence's digits begin inside the template. */
  readonly sequenceAt: number;
  /** By `emqxFields`: the field's name and the opening quote of its value. */
  readonly labels: readonly Part[];
  readonly truncated: Part;
  /** The two bits of the hash that share a character of the id with the offset. */
  readonly keyBits: number;

  constructor(origin: Origin, key: Buffer) {
    const pieces: Buffer[] = [];
    let length = 0;
    const add = (text: string): Part => {
      const piece = Buffer.from(text);
      pieces.push(piece);
      length += piece.length;
      return { from: length - piece.length, to: length };
    };
    const name = (field: LogField) => nameOf(origin.fields, field);
    const id = key.subarray(0, 10).toString('base64url');
    this.keyBits = (key[9] ?? 0) & 3;
    this.head = add(`{"create":{"_id":"${id.slice(0, 13)}${'.'.repeat(9)}"}}\n{${name('@timestamp')}:"`);
    const constant = Object.entries(constants(origin))
      .map(([field, value]) => `${name(field as LogField)}:${JSON.stringify(value)}`)
      .join(',');
    this.middle = levels.map((level) => add(`",${name('log.level')}:"${level}",${constant},${name('message')}:"`));
    const before = `",${name('event.sequence')}:`;
    this.tail = add(`${before}${'0'.repeat(sequenceDigits)},${name('log.offset')}:`);
    this.sequenceAt = this.tail.from + Buffer.byteLength(before);
    this.labels = emqxFields.map((field) => add(`,${name(`emqx.${field}`)}:"`));
    this.truncated = add(`,${name('log.flags')}:["truncated"]`);
    this.bytes = Buffer.concat(pieces);
  }
}

/** The fields that are the same for all records of a file. */
export function constants(origin: Origin): Partial<Record<LogField, string>> {
  return {
    'event.dataset': datasetOf(origin.set),
    ...(origin.nodeName === undefined ? {} : { 'service.node.name': origin.nodeName }),
    'labels.cluster_id': origin.clusterId,
    'agent.id': origin.agentId,
    'agent.version': origin.agentVersion,
    'log.file.path': origin.path,
  };
}

/** `emqx.log` for the log, `emqx.audit` for the audit log, `emqx.NAME` for another handler's. */
function datasetOf(set: string): string {
  const base = set.replace(/\.log$/, '');
  return base === 'emqx' ? 'emqx.log' : `emqx.${base}`;
}

/** A field's name in the document, quoted. */
export function nameOf(renames: Readonly<Record<string, string>>, field: LogField): string {
  return JSON.stringify(Object.hasOwn(renames, field) ? renames[field] : field);
}

/**
 * What makes the ids of one file's records its own: a hash over cluster, agent, set and the first complete line.
 * `repeat` counts files of the set that began with the very same line before, so that even those never share ids.
 */
export function fileKey(origin: Origin, firstLine: Uint8Array, repeat: number): Buffer {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([origin.clusterId, origin.agentId, origin.set, ...(repeat > 0 ? [repeat] : [])]));
  return hash.update('\n').update(firstLine).digest();
}
