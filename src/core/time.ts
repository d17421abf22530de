import { parseDuration } from './duration.ts';

/** Go's zero time; ECP sends it for "never" (contract: ecp.md section 1). */
const zeroTime = '0001-01-01T00:00:00Z';

/** Reads an RFC 3339 time of the API, nanoseconds cut to milliseconds; undefined for "never" and for what is no time. */
export function parseApiTime(text: string | undefined): Date | undefined {
  if (!text || text === zeroTime) return undefined;
  const date = new Date(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * Milliseconds from an integer time of unpublished unit: s, ms, us and ns are told apart by magnitude
 * (contract: ecp.md section 1, `StandardLog.time`). Right for all times between 1973 and 5138.
 */
export function epochToMs(value: number): number {
  const size = Math.abs(value);
  if (size < 1e11) return value * 1000;
  if (size < 1e14) return value;
  if (size < 1e17) return Math.floor(value / 1000);
  return Math.floor(value / 1_000_000);
}

/** Reads what a person gives for `--since`: a duration back from now, an RFC 3339 time, a local date or time. */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const word = text.trim();
  if (word === 'now') return nowMs;
  if (!/^\d{4}-/.test(word)) {
    const back = parseDuration(word);
    return back === undefined ? undefined : nowMs - back;
  }
  // A date alone is midnight here, not in UTC: what a person at a shell means.
  const ms = new Date(/^\d{4}-\d\d-\d\d$/.test(word) ? `${word}T00:00:00` : word.replace(' ', 'T')).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
