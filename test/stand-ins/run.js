// node test/stand-ins/run.js ENTRY.ts [args]: bundles a TypeScript entry that exports main(args) and runs it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [entry = '', ...args] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(root);
// Inside the project, so that packages left outside of the bundle are found.
mkdirSync(join(root, 'dist'), { recursive: true });
const directory = mkdtempSync(join(root, 'dist', 'run-'));
const outfile = join(directory, 'main.mjs');
try {
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external' });
  const { main } = await import(pathToFileURL(outfile).href);
  process.exitCode = await main(args);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
