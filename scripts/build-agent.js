// `npm run build:agent`: the single files of the agent. The builder is TypeScript like everything else, and Node 20
// does not read that: one esbuild pass, then run it.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
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
