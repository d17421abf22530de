// Runs main.ts as a process: `node test/stand-ins/emqx/start.js --port 18083 --knobs '{"version":"5.10.4"}'`.
// Node 20 cannot read TypeScript, so it is bundled in memory first.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  write: false,
});
await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
