import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

// A thread and a child process load JavaScript: each entry is bundled anew for each run, so that it is what the source
// says.
const worker = fileURLToPath(new URL('dist/test/log-worker.js', import.meta.url));
await build({
  entryPoints: [fileURLToPath(new URL('src/server/logs/worker.ts', import.meta.url))],
  outfile: worker,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.11',
  packages: 'external',
  logLevel: 'warning',
});

const keyringHelper = fileURLToPath(new URL('dist/test/keyring-helper.cjs', import.meta.url));
await build({
  entryPoints: [fileURLToPath(new URL('src/cli/keyring-helper.ts', import.meta.url))],
  outfile: keyringHelper,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.11',
  logLevel: 'warning',
});

export default defineConfig({
  define: {
    __VERSION__: JSON.stringify(version),
    __LOG_WORKER__: JSON.stringify(pathToFileURL(worker).href),
    __KEYRING_HELPER__: JSON.stringify(pathToFileURL(keyringHelper).href),
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // More than there are cores: most of the time a test waits for a process or a socket.
    maxWorkers: 3,
    // A machine that is busy for a moment shall not turn a landing away; what needed the second run is named.
    retry: process.env.CI ? 1 : 0,
    reporters: process.env.CI
      ? ['default', './.ci/retried.js', ['json', { outputFile: '.ci/tmp/vitest.json' }]]
      : ['default'],
  },
});
