// node test/support/run.js ENTRY.ts [args]: bundles a TypeScript entry, which Node 20 does not read, and runs it; its
// exit code is what main(args) answers, where it exports one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [entry = '', ...args] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(root);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
// As deep in the project as the files in it: what they name from where they lie is found from here too.
const directory = mkdtempSync(join(root, 'test', '.run-'));
const outfile = join(directory, 'main.mjs');
try {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    define: { __VERSION__: JSON.stringify(version) },
    logLevel: 'warning',
  });
  const { main } = await import(pathToFileURL(outfile).href);
  if (main) process.exitCode = await main(args);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
