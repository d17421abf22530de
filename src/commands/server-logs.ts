import type { Options, OptionValues } from '../cli/command.ts';
import { Failure } from '../core/errors.ts';
import { parseSize } from '../core/size.ts';

/** Options of `ecpctl server` about the logs of managed clusters. */
export const logOptions = {
  logDays: {
    kind: 'integer',
    min: 1,
    max: 3650,
    value: 'DAYS',
    fallback: '7',
    help: { en: 'How long log records are kept, from their arrival', zh: '日志记录自到达起的保留天数' },
  },
  logSize: {
    kind: 'text',
    value: 'SIZE',
    fallback: '10GiB',
    help: {
      en: 'What the log may take on the disk, such as 500MiB; the oldest records give way',
      zh: '日志最多占用的磁盘空间，例如 500MiB；超出时删除最早的记录',
    },
  },
  logQuota: {
    kind: 'text',
    value: 'SIZE',
    help: {
      en: 'What one cluster may send in a minute, uncompressed, such as 20MiB (default: no limit)',
      zh: '每个集群每分钟可发送的日志量（压缩前），例如 20MiB（默认不限）',
    },
  },
} as const satisfies Options;

export interface LogSettings {
  readonly logRetention: { readonly days?: number; readonly bytes?: number };
  /** Bytes a minute. */
  readonly logQuota: number | undefined;
}

const mebibyte = 1024 ** 2;

/** Reads the values of `logOptions`. Throws `invalid_value`. */
export function readLogOptions(options: OptionValues<typeof logOptions>): LogSettings {
  // Smaller ones hold less than one body of an agent.
  const bytes = readSize('--log-size', options.logSize, 64 * mebibyte, '64MiB');
  return {
    logRetention: { ...(options.logDays !== undefined && { days: options.logDays }), ...(bytes && { bytes }) },
    logQuota: readSize('--log-quota', options.logQuota, mebibyte, '1MiB'),
  };
}

function readSize(flag: string, text: string | undefined, least: number, leastText: string): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes >= least && Number.isSafeInteger(bytes)) return bytes;
  throw new Failure('invalid_value', {
    name: flag,
    reason: {
      en: `"${text}" is no size from ${leastText} on, such as 500MiB or 10GiB`,
      zh: `“${text}”不是不小于 ${leastText} 的大小，例如 500MiB 或 10GiB`,
    },
  });
}
