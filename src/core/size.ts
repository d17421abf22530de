const steps = ' kmgt';

/**
 * Reads `512KiB`, `10MiB`, `1.5g` or a bare number of bytes; answers bytes, undefined when it is none. Every unit counts
 * by 1024, also where it is written without the "i".
 */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])i?)?b?$/i.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number) * 1024 ** steps.indexOf(unit.toLowerCase() || ' '));
}
