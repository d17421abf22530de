import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileKernel, target } from '../../../scripts/kernel/compile.ts';

it('is compiled of the sources that are here (npm run build:kernel makes it anew)', async () => {
  expect(readFileSync(target, 'utf8')).toBe(await compileKernel());
}, 120_000);
