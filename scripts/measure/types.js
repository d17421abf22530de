// How long the type check of this repository takes with TypeScript 7 (native) and with the last one written in
// JavaScript.
//   node scripts/measure/types.js
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { install, inTemporary, machine, median, root, table } from './kit.js';

const require = createRequire(import.meta.url);

function check(tsc, ...more) {
  const start = performance.now();
  const done = spawnSync(process.execPath, [tsc, '--noEmit', '-p', root, ...more], { encoding: 'utf8' });
  const found = done.stdout.split('\n').filter((line) => /error TS/.test(line)).length;
  return { seconds: (performance.now() - start) / 1000, found };
}

await inTemporary((folder) => {
  const compilers = { here: require, 'the last in JavaScript': install(folder, 'typescript@5.9') };
  const rows = [['TypeScript', 'version', 'least of 5', 'median', 'errors found']];
  for (const [name, from] of Object.entries(compilers)) {
    const manifest = from.resolve('typescript/package.json');
    const runs = Array.from({ length: 5 }, () => check(join(dirname(manifest), 'bin/tsc')));
    const seconds = runs.map((run) => run.seconds);
    const shown = [Math.min(...seconds), median(seconds)].map((one) => `${one.toFixed(2)} s`);
    rows.push([name, from(manifest).version, ...shown, runs[0].found]);
  }
  console.log(machine());
  table(rows);
});
