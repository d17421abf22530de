// `npm run build:agent`: the agent as single files. The builder is TypeScript like everything else, which Node 20 does
// not read: one esbuild pass, then run it.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const outfile = `${root}/dist/build-agent.mjs`;
await build({
  absWorkingDir: root,
  entryPoints: ['scripts/agent-file/main.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.11',
  logLevel: 'warning',
});
const { main } = await import(outfile);
process.exitCode = await main(root, process.argv.slice(2));
