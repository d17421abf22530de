const sizes: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes from EMQX's `851.27M`, `23.54G` or `512`; undefined for anything else. */
export function parseSize(value: string | number | undefined): number | undefined {
  if (typeof value === 'number') return value;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)B?$/.exec(value ?? '') ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * (sizes[unit] ?? 1));
}

/** A number that some releases write as text. */
export function parseNumber(value: string | number | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

const spans: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds from the uptime of v4, `2 days, 19 hours, 41 minutes, 47 seconds`; 0 where nothing can be read. */
export function parseUptime(text: string | undefined): number {
  let total = 0;
  for (const [, number, unit = ''] of (text ?? '').matchAll(/(\d+) (day|hour|minute|second)s?/g)) {
    total += Number(number) * (spans[unit] ?? 0);
  }
  return total;
}

/** The numbers among the values of an object, for records that EMQX extends from release to release. */
export function numbersOf(record: Readonly<Record<string, unknown>>): Record<string, number> {
  const out: Record<string, number> = {};
  for (const [name, value] of Object.entries(record)) if (typeof value === 'number') out[name] = value;
  return out;
}

/** A copy without the fields whose value is undefined. */
export function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** True when `version` (`5.8.6`, `4.4.19-rc.1`) is `least` or later. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  for (let n = 0; n < 3; n++) {
    const [x = 0, y = 0] = [a?.[n], b?.[n]];
    if (x !== y) return x > y;
  }
  return true;
}
