import { never } from '../../contract/common.ts';

/** Milliseconds as the API writes a time; 0 is "never". */
export function apiTime(ms: number): string {
  return ms === 0 ? never : new Date(ms).toISOString();
}
