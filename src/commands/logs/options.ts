import type { Options } from '../../cli/command.ts';
import type { EcpContext } from '../../cli/session.ts';
import { Failure, usage } from '../../core/errors.ts';
import { levels } from '../../core/levels.ts';
import { parseMoment } from '../../core/time.ts';
import type { LogFilter, Range } from './source.ts';

/** What both ways to read logs have in common. */
export const logOptions = {
  since: {
    kind: 'text',
    value: 'TIME',
    help: {
      en: 'From this time on: 10m, 2h, 2026-01-31, 2026-01-31T08:00:00',
      zh: '起始时间：10m、2h、2026-01-31、2026-01-31T08:00:00',
    },
  },
  until: { kind: 'text', value: 'TIME', help: { en: 'Up to this time', zh: '截止时间' } },
  level: { kind: 'choice', choices: levels, value: 'LEVEL', help: { en: 'This level or worse', zh: '此级别或更严重' } },
  grep: {
    kind: 'text',
    value: 'TEXT',
    help: { en: 'Records that contain this, in any case', zh: '包含此文本的记录（不区分大小写）' },
  },
  node: { kind: 'text', value: 'NODE', help: { en: 'Records of this EMQX node', zh: '来自此 EMQX 节点的记录' } },
} as const satisfies Options;

interface Given {
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly level: LogFilter['level'];
  readonly grep: string | undefined;
  readonly node: string | undefined;
}

export interface Wanted {
  readonly filter: LogFilter;
  /** Milliseconds. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly range: Range;
}

/** @throws Failure invalid_value, usage. */
export function readLogOptions(context: EcpContext, { since, until, level, grep, node }: Given): Wanted {
  const sinceMs = moment(context, '--since', since);
  const untilMs = moment(context, '--until', until);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    throw usage('--since lies after --until', '--since 晚于 --until');
  }
  return {
    filter: { level, text: grep, node },
    sinceMs,
    untilMs,
    range: {
      start: sinceMs === undefined ? undefined : Math.floor(sinceMs / 1000),
      end: untilMs === undefined ? undefined : Math.ceil(untilMs / 1000),
    },
  };
}

function moment(context: EcpContext, flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseMoment(text, context.clock.now());
  if (ms !== undefined) return ms;
  throw new Failure('invalid_value', {
    name: flag,
    reason: {
      en: `"${text}" is no time such as 10m, 2026-01-31 or 2026-01-31T08:00:00`,
      zh: `“${text}”不是时间，例如 10m、2026-01-31、2026-01-31T08:00:00`,
    },
  });
}
