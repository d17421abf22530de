// Runs a TypeScript file with its arguments: `node test/support/run-ts.js test/bench/tunnel.ts`. Node 20 reads none, so
// it is bundled first, to a place from which packages can be found.
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [, , entry] = process.argv;
const outfile = join(root, 'node_modules/.cache/ecpctl', `${basename(entry, '.ts')}.mjs`);
await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  define: { __VERSION__: '"0.0.0"', 'import.meta.url': JSON.stringify(pathToFileURL(join(root, entry)).href) },
  logLevel: 'warning',
});
process.argv.splice(1, 2, entry);
await import(pathToFileURL(outfile).href);
