import type { Paint, Style } from '../../cli/color.ts';
import { displayWidth, padEnd, printable } from '../../cli/display.ts';
import type { EcpContext } from '../../cli/session.ts';
import type { LogRecord } from '../../contract/logs.ts';
import { parseLevel } from '../../core/levels.ts';
import { say } from '../../core/text.ts';
import { epochToMs } from '../../core/time.ts';

export const logFormats = ['text', 'ndjson', 'raw'] as const;
export type LogFormat = (typeof logFormats)[number];

/** A record with the cluster it is of. */
export interface Tagged {
  readonly cluster: string;
  readonly record: LogRecord;
}

const levelStyles: Readonly<Record<string, Style>> = {
  debug: 'dim',
  notice: 'cyan',
  warning: 'yellow',
  error: 'red',
  critical: 'red',
  alert: 'red',
  emergency: 'red',
};

const clusterStyles: readonly Style[] = ['cyan', 'green', 'magenta', 'blue', 'yellow'];

export interface LogPrinter {
  records(records: readonly Tagged[]): Promise<void>;
  /** A visible line where records are missing. */
  gap(cluster: string, count: number | undefined): Promise<void>;
  /** How many records there were so far. */
  printed(): number;
}

/** Prints records as the format wants; with several clusters each has its name and colour before it. */
export function logPrinter(context: EcpContext, format: LogFormat, clusters: readonly string[]): LogPrinter {
  const { out } = context;
  let count = 0;
  const nameWidth = Math.max(...clusters.map((name) => displayWidth(name)));
  const prefix = (cluster: string) => {
    if (clusters.length < 2) return '';
    const style = clusterStyles[clusters.indexOf(cluster) % clusterStyles.length] ?? 'cyan';
    return `${out.paint(padEnd(cluster, nameWidth), style)}  `;
  };
  const line = ({ cluster, record }: Tagged): string => {
    if (format === 'raw') return record.msg;
    // Always with the cluster's name, so that a script can tell them apart however many it asked for.
    if (format === 'ndjson') return JSON.stringify({ ...record, xCluster: cluster });
    return prefix(cluster) + textLine(record, out.paint);
  };
  return {
    printed: () => count,
    async records(records) {
      count += records.length;
      if (records.length > 0) await out.write(records.map((one) => `${line(one)}\n`).join(''));
    },
    async gap(cluster, count) {
      const known = count !== undefined;
      if (format === 'ndjson')
        return out.write(`${JSON.stringify({ xGap: true, xCluster: cluster, ...(known && { count }) })}\n`);
      const text = say(known ? counted : unknown, context.lang, known ? { count } : {});
      if (format === 'raw') return out.note(`${cluster}: ${text}`);
      await out.write(`${prefix(cluster)}${out.paint(`--- ${text} ---`, 'yellow')}\n`);
    },
  };
}

const counted = { en: '{count} records are missing here', zh: '此处缺少 {count} 条记录' };
const unknown = { en: 'records may be missing here', zh: '此处可能缺少记录' };

/** `2026-01-31 08:00:00.123  error  emqx@10.0.0.1  message`; further lines of the message stay below it. */
function textLine(record: LogRecord, paint: Paint): string {
  const level = parseLevel(record.level) ?? record.level;
  const style = levelStyles[level];
  const name = padEnd(printable(level), 9);
  const message = record.msg.split('\n').map(printable).join('\n    ').trimEnd();
  return [
    paint(localStamp(epochToMs(record.time)), 'dim'),
    style ? paint(name, style) : name,
    ...(record.node ? [paint(printable(record.node), 'dim')] : []),
    message,
  ].join('  ');
}

export function localStamp(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  const pad = (number: number, width = 2) => String(number).padStart(width, '0');
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}
