import { createHash } from 'node:crypto';
import type { LogField } from '../../src/contract/log-document.ts';
import type { Gap, LogSet } from './set.ts';
import { constants, nameOf, type Origin } from './template.ts';

/** A gap in words: `1234 bytes (17 records)`, `at least 1234 bytes`, `up to 1234 bytes`. */
export function extentOf({ bytes, records, bound }: Gap): string {
  const size = `${bytes} bytes${records === undefined ? '' : ` (${records} records)`}`;
  if (bound === 'exact') return size;
  if (bound === 'most') return `up to ${size}`;
  return bytes === 0 || bound === 'unknown' ? 'an unknown number of bytes' : `at least ${size}`;
}

/**
 * The document that stands in the index where records are missing. Its id comes from the place of the gap, so that it
 * is there once however often it is sent.
 */
export function gapDocument(gap: Gap, set: LogSet, origin: Origin, nowMs: number): Buffer {
  const { generation, files } = gap;
  const others = files > 1 ? `, and of ${files - 1} files after it,` : '';
  const id = createHash('sha256')
    .update(JSON.stringify([origin.clusterId, origin.agentId, set.name, 'gap', generation.fingerprint]))
    .update(`${generation.repeat} ${gap.from}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
  const fields: Partial<Record<LogField, unknown>> = {
    '@timestamp': new Date(nowMs).toISOString().replace('Z', '000Z'),
    'log.level': 'error',
    ...constants(origin),
    message: `log records are missing here: ${extentOf(gap)} of ${gap.path} from byte ${gap.from} on${others} were overwritten or deleted before they could be read`,
    'event.sequence': set.sequence,
    'log.offset': gap.from,
    'log.flags': ['gap'],
    'emqx.msg': 'log_gap',
  };
  const body = Object.entries(fields)
    .map(([field, value]) => `${nameOf(origin.fields, field as LogField)}:${JSON.stringify(value)}`)
    .join(',');
  return Buffer.from(`{"create":{"_id":"${id}"}}\n{${body}}\n`);
}
