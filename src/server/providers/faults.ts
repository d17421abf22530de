import type { TaskType } from '../../contract/states.ts';
import { taskType } from '../../contract/states.ts';
import { parseDuration } from '../../core/duration.ts';
import { Failure } from '../../core/errors.ts';

/** What an operation is told to do instead of going well. */
export interface Fault {
  /** How long it takes. */
  readonly durationMs?: number;
  /** `fail`: each time; `fail-once`: the first time on a cluster; `hang`: never ends; `degrade`: ends with one node down. */
  readonly outcome?: (typeof outcomes)[number];
}

const outcomes = ['fail', 'fail-once', 'hang', 'degrade'] as const;

/** By operation; `*` is for all that are not named. */
export type Faults = Readonly<Partial<Record<TaskType | '*', Fault>>>;

/** Reads `scale=fail`, `create=30s`, `*=200ms`; the same operation may be given twice, once with a time. */
export function parseFaults(words: readonly string[]): Faults {
  const faults: Partial<Record<TaskType | '*', Fault>> = {};
  for (const word of words) {
    const [operation = '', value = ''] = word.split('=', 2);
    const key = operation === '*' ? operation : taskType.rows.find((row) => row.key === operation)?.key;
    if (key === undefined) {
      throw bad(word, `"${operation}" is none of *, ${taskType.rows.map((row) => row.key).join(', ')}`);
    }
    const outcome = outcomes.find((candidate) => candidate === value);
    const durationMs = parseDuration(value);
    if (outcome === undefined && durationMs === undefined) {
      throw bad(word, `"${value}" is neither a duration nor one of ${outcomes.join(', ')}`);
    }
    faults[key] = { ...faults[key], ...(outcome ? { outcome } : { durationMs: durationMs ?? 0 }) };
  }
  return faults;
}

function bad(word: string, reason: string): Failure {
  return new Failure('invalid_value', { name: `--fault ${word}`, reason });
}
