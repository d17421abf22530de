// Bundles both programs to dist/ as ES modules in chunks. What loads lazily in the source stays a chunk of
// its own here, so that `--help` and `--version` read two small files. The server's packages stay outside: they are
// loaded by `ecpctl server` alone, and libsql is native. The server's log has threads, and a thread its own entry. So do CommonJS packages that are loaded lazily: in a split
// bundle `import()` of one has a default export alone, while Node finds all its names.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { slimUndici } from './bundle/slim-undici.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

rmSync(`${root}/dist/npm`, { recursive: true, force: true });
const shared = {
  absWorkingDir: root,
  outdir: 'dist/npm',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.11',
  define: {
    __VERSION__: JSON.stringify(version),
    __LOG_WORKER__: JSON.stringify('./log-worker.js'),
    __KEYRING_HELPER__: JSON.stringify('./keyring-helper.cjs'),
  },
  external: [...['fastify', 'aedes', 'libsql', 'kysely'], ...['mqtt', 'yaml']],
  plugins: [slimUndici],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
  legalComments: 'none',
  // Names stay, for the stack of an error; blanks and long forms only cost time to read.
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  logLevel: 'warning',
};
// A process of its own; CommonJS, because that starts 30 ms sooner.
const keyringHelper = {
  absWorkingDir: root,
  entryPoints: ['src/cli/keyring-helper.ts'],
  outfile: 'dist/npm/keyring-helper.cjs',
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.11',
  metafile: true,
  logLevel: 'warning',
};
// A bundle each: in a common one a chunk holds what either of the two needs, and both load it.
const bundles = await Promise.all([
  build({ ...shared, entryPoints: { ecpctl: 'src/commands/main.ts', 'log-worker': 'src/server/logs/worker.ts' } }),
  build({ ...shared, entryPoints: { 'emqxee-agent': 'agent/main.ts' } }),
  build(keyringHelper),
]);
// What went into which chunk, for the test that keeps start-up light.
writeFileSync(
  `${root}/dist/meta.json`,
  JSON.stringify(Object.assign({}, ...bundles.map(({ metafile }) => metafile.outputs))),
);
