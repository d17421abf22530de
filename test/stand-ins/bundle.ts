import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles TypeScript entries, `{name: path from the repository's root}`, to `name.mjs` files for plain Node, so that
 * stand-ins and harnesses can run as processes of their own. Tests run in the repository's root.
 */
export async function bundle(entries: Record<string, string>): Promise<{ directory: string; remove: () => void }> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const directory = mkdtempSync(join(tmpdir(), 'bundle-'));
  await build({
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
