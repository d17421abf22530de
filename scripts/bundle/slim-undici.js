import { join } from 'node:path';

/**
 * esbuild plugin: `undici` is the part of it that we use, without HTTP/2, which nobody asks for and which loads http2,
 * tls and crypto for every plain call. The build's working directory is the project's.
 */
export const slimUndici = {
  name: 'slim-undici',
  setup(build) {
    const at = (name) => ({ path: join(build.initialOptions.absWorkingDir, 'scripts/bundle', name) });
    build.onResolve({ filter: /^undici$/ }, () => at('undici.js'));
    build.onResolve({ filter: /\/client-h2(\.js)?$/ }, () => at('no-h2.js'));
  },
};
