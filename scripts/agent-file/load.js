import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Loads a part of the builder. It is TypeScript like everything else, which Node 20 does not read: one esbuild pass. */
export async function load(name) {
  const outfile = `${root}/dist/build-agent/${name}.mjs`;
  await build({
    absWorkingDir: root,
    entryPoints: [`scripts/agent-file/${name}.ts`],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.11',
    logLevel: 'warning',
  });
  return import(outfile);
}
