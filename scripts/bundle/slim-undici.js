import { fileURLToPath } from 'node:url';

/** esbuild plugin: `undici` is the part of it that we use. */
export const slimUndici = {
  name: 'slim-undici',
  setup(build) {
    const path = fileURLToPath(new URL('undici.js', import.meta.url));
    build.onResolve({ filter: /^undici$/ }, () => ({ path }));
  },
};
