import { join } from 'node:path';

/** esbuild plugin: `undici` is the part of it that we use. The build's working directory is the project's. */
export const slimUndici = {
  name: 'slim-undici',
  setup(build) {
    const path = join(build.initialOptions.absWorkingDir, 'scripts/bundle/undici.js');
    build.onResolve({ filter: /^undici$/ }, () => ({ path }));
  },
};
