/** RFC 5424's levels as EMQX writes them, mildest first (contract: ecp.md section 5). */
export const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

export type Level = (typeof levels)[number];

const aliases: Readonly<Record<string, Level>> = {
  warn: 'warning',
  err: 'error',
  crit: 'critical',
  emerg: 'emergency',
};

/** Reads a level in any case, with the usual short forms; undefined when it is none. */
export function parseLevel(word: string): Level | undefined {
  const lower = word.toLowerCase();
  return levels.find((level) => level === lower) ?? (Object.hasOwn(aliases, lower) ? aliases[lower] : undefined);
}

/** The level itself and all worse ones. */
export function levelsFrom(level: Level): readonly Level[] {
  return levels.slice(levels.indexOf(level));
}

/** True when `level` is `least` or worse. */
export function isAtLeast(level: Level, least: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}
