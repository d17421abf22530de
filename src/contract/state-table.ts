import { Failure } from '../core/errors.ts';
import type { Lang, Text } from '../core/text.ts';

/** Where a state leads: `passing` goes over into another by itself, `settled` stays and is fine, `failed` stays and is not. */
export type Course = 'passing' | 'settled' | 'failed';

/** A number of the wire with its machine key and its name for people. */
export interface Named<Key extends string = string> {
  readonly number: number;
  readonly key: Key;
  readonly name: Text;
}

export interface State<Key extends string = string> extends Named<Key> {
  readonly course: Course;
}

export interface Table<Row extends Named = Named> {
  readonly rows: readonly Row[];
  readonly byNumber: ReadonlyMap<number, Row>;
}

export function named<const Key extends string>(number: number, key: Key, en: string, zh: string): Named<Key> {
  return { number, key, name: { en, zh } };
}

export function state<const Key extends string>(
  number: number,
  key: Key,
  course: Course,
  en: string,
  zh: string,
): State<Key> {
  return { number, key, course, name: { en, zh } };
}

export function table<Row extends Named>(rows: readonly Row[]): Table<Row> {
  return { rows, byNumber: new Map(rows.map((row) => [row.number, row])) };
}

/** The stable word of a number for machines; `unknown(N)` for a number that the table does not have. */
export function stateKey(of: Table, number: number): string {
  return of.byNumber.get(number)?.key ?? `unknown(${number})`;
}

/** The name of a number for people; `unknown(N)` for a number that the table does not have. */
export function stateName(of: Table, number: number, lang: Lang): string {
  return of.byNumber.get(number)?.name[lang] ?? `unknown(${number})`;
}

/** The number that stands for a key on the wire. */
export function numberOf<Row extends Named>(of: Table<Row>, key: Row['key']): number {
  for (const [number, row] of of.byNumber) if (row.key === key) return number;
  // Only an override can take a row's only number away, and then no server sends or understands it.
  throw new Failure('invalid_value', {
    name: key,
    reason: { en: 'no number stands for it in this context', zh: '在此上下文中没有对应的编号' },
  });
}

/** True when the number stands for one of the keys. */
export function isOneOf<Row extends Named>(of: Table<Row>, number: number, ...keys: readonly Row['key'][]): boolean {
  const row = of.byNumber.get(number);
  return row !== undefined && keys.includes(row.key);
}

/** True when the state stays until somebody acts. An unknown number may still change: false. */
export function isFinal(of: Table<State>, number: number): boolean {
  const course = of.byNumber.get(number)?.course;
  return course === 'settled' || course === 'failed';
}

export function isFailed(of: Table<State>, number: number): boolean {
  return of.byNumber.get(number)?.course === 'failed';
}

/**
 * The table with other numbers: `{"4": "error"}` says that 4 stands for `error` here. A row that is named so loses the
 * number it had; two numbers may stand for one row. Throws `invalid_value` for what is no number or no key.
 */
export function renumbered<Row extends Named>(
  original: Table<Row>,
  numbers: Readonly<Record<string, string>>,
  name: string,
): Table<Row> {
  const given = Object.entries(numbers).map(([number, key]): [number, Row] => {
    const row = original.rows.find((candidate) => candidate.key === key);
    if (!/^\d{1,10}$/.test(number)) {
      throw new Failure('invalid_value', {
        name: `${name}.${number}`,
        reason: { en: 'not a number', zh: '不是数字' },
      });
    }
    if (!row) {
      const keys = original.rows.map((candidate) => candidate.key).join(', ');
      throw new Failure('invalid_value', {
        name: `${name}.${number}`,
        reason: { en: `"${key}" is none of ${keys}`, zh: `“${key}”不属于 ${keys}` },
      });
    }
    return [Number(number), row];
  });
  const moved = new Set(given.map(([, row]) => row));
  const kept = [...original.byNumber].filter(([, row]) => !moved.has(row));
  return { rows: original.rows, byNumber: new Map([...kept, ...given]) };
}
