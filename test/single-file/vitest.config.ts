import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

// The files themselves: `npm run test:agent-file`, after `npm run build:agent`. Apart from `npm test`, which needs
// neither 140 MB of bases nor an emulator.
export default defineConfig({
  define: shared.define ?? {},
  test: {
    root: import.meta.dirname,
    // The install script once more: by now busybox may be here.
    include: ['*.built.ts', 'install.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // One after the other: each test has processes of 100 MB, some of them emulated.
    fileParallelism: false,
    reporters: process.env.CI
      ? ['verbose', ['json', { outputFile: '../../.ci/tmp/vitest-single-files.json' }]]
      : ['verbose'],
  },
});
