// Bundles TypeScript entries for plain Node, so that stand-ins and harnesses can run as processes of their own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds `{name: path from the repository's root}` to `name.mjs` files; answers their directory and how to remove it.
 * @param {Record<string, string>} entries
 */
export async function bundle(entries) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const directory = mkdtempSync(join(tmpdir(), 'bundle-'));
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.11',
    define: { __VERSION__: JSON.stringify(version) },
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
    external: ['esbuild'],
    logLevel: 'warning',
  });
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
