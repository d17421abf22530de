import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

// Prism is installed aside, so these run on their own: `.ci/parts/contract.sh`.
const { test, ...rest } = base;
export default mergeConfig(
  rest,
  defineConfig({
    test: {
      ...test,
      include: ['test/contract-prism/*.prism.ts'],
      reporters: process.env.CI ? ['default', ['json', { outputFile: '.ci/tmp/vitest-contract.json' }]] : ['default'],
    },
  }),
);
