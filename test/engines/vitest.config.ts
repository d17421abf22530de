import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

// Delivery to a real search engine, and the server's log in one: `npm run test:engines` with its address in
// ECP_TEST_ELASTICSEARCH_URL. Apart from `npm test`, which needs no Java.
export default defineConfig({
  define: shared.define ?? {},
  test: {
    root: import.meta.dirname,
    include: ['*.engine.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: `../../.ci/tmp/vitest-${process.env.ECP_TEST_ENGINE ?? 'engines'}.json` }]]
      : ['default'],
  },
});
