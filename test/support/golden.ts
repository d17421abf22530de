import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** Compares with test/golden/NAME; UPDATE_GOLDEN=1 writes the file anew instead, to be read in the diff. */
export function golden(name: string, actual: string): void {
  const path = fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  let wanted: string;
  try {
    wanted = readFileSync(path, 'utf8');
  } catch {
    throw new Error(`There is no test/golden/${name} yet: run once with UPDATE_GOLDEN=1 and read it.`);
  }
  expect(actual).toBe(wanted);
}
