// `npm run bench:agent-file`: what a single file costs at start over the same script under the same Node.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedBase } from '../../scripts/agent-file/base.ts';
import { targets } from '../../scripts/agent-file/targets.ts';

const limit = 1.2;
const rounds = 41;
const root = fileURLToPath(new URL('../..', import.meta.url));
const target = targets.find((each) => each.native === process.arch);
const file = join(root, `dist/emqxee-agent-linux-${target?.arch}`);
if (!target || !existsSync(file)) {
  console.log(`startup of a single file: not measured, no file for ${process.arch} (npm run build:agent)`);
} else {
  const work = mkdtempSync(join(root, 'dist/.bench-'));
  try {
    const { file: node } = pinnedBase(target, work);
    const script = join(root, 'dist/emqxee-agent.cjs');
    for (const args of [['--version'], ['--help']]) compare(args, [file], [node, script]);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** In turn, so that whatever else the machine does meets both. */
function compare(args: string[], single: string[], plain: string[]): void {
  const times: Record<'single' | 'plain', number[]> = { single: [], plain: [] };
  for (let round = 0; round < rounds; round++) {
    times.single.push(milliseconds([...single, ...args]));
    times.plain.push(milliseconds([...plain, ...args]));
  }
  const ratio = median(times.single) / median(times.plain);
  const figures = `${median(times.single).toFixed(0)} ms over ${median(times.plain).toFixed(0)} ms`;
  console.log(
    `startup ${args.join(' ')}: single file / same script under node = ${ratio.toFixed(2)} (${figures}; limit ${limit})`,
  );
  if (ratio > limit) process.exitCode = 1;
}

function milliseconds([program = '', ...args]: string[]): number {
  const start = performance.now();
  const { status } = spawnSync(program, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${status}`);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
