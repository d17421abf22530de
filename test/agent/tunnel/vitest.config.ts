import { defineConfig } from 'vitest/config';
import shared from '../../../vitest.config.ts';

// `npm run test:tunnel`: what takes long, or needs a broker of others. Apart from `npm test`, which stays quick.
export default defineConfig({
  define: shared.define ?? {},
  test: {
    root: import.meta.dirname,
    include: ['*.long.ts'],
    testTimeout: 120_000,
    pool: 'forks',
    // One after the other: memory and time are looked at.
    fileParallelism: false,
    reporters: process.env.CI
      ? ['verbose', ['json', { outputFile: '../../../.ci/tmp/vitest-tunnel.json' }]]
      : ['verbose'],
  },
});
