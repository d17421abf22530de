const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const shape = /^(\d{4})[-/.](\d\d)[-/.](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))? ?(Z|UTC|[+-]\d\d:?\d\d)?$/;
const other =
  /^(?:\w{3},? )?(\d{1,2})[-/. ](\d\d|[A-Za-z]{3})[-/. ](\d{4})[T :](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))? ?(Z|UTC|[+-]\d\d:?\d\d)?$/;

/**
 * Microseconds since the epoch of a date as operators write them for v4 (`%Y-%m-%d %H:%M:%S.%3N` and the like, day
 * first where the year stands last); a time without zone is one of this machine. Undefined when it is none.
 */
export function parseLocalTime(text: string): number | undefined {
  const bare = /^\d{10}(\d{3})?$/.exec(text);
  if (bare) return Number(text) * (bare[1] === undefined ? 1_000_000 : 1000);
  const match = shape.exec(text);
  if (match) {
    const [, year, month, day, ...rest] = match;
    return build(Number(year), Number(month), Number(day), rest);
  }
  const late = other.exec(text);
  if (!late) return undefined;
  const [, day, name = '', year, ...rest] = late;
  const month = /^\d/.test(name) ? Number(name) : months.indexOf(name.toLowerCase()) + 1;
  return build(Number(year), month, Number(day), rest);
}

function build(year: number, month: number, day: number, rest: readonly (string | undefined)[]): number | undefined {
  const [hour, minute, second, fraction = '', zone] = rest;
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const numbers = [year, month - 1, day, Number(hour), Number(minute), Number(second)] as const;
  let ms: number;
  if (zone === undefined) {
    ms = new Date(...numbers).getTime();
  } else {
    const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
    const minutes = offset ? (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === '-' ? -1 : 1) : 0;
    ms = Date.UTC(...numbers) - minutes * 60_000;
  }
  return ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
