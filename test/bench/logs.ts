import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../stand-ins/bundle.ts';
import { formatLine, type LineFormat } from '../stand-ins/emqx/writer-lines.ts';
import { contestants } from './logs-contestants.ts';
import { type Figures, measure } from './logs-measure.ts';

const rig = resolve('../shared/rig');

/**
 * `npm run bench:logs [-- --megabytes 300 --rounds 3]`: the shipper beside the peers that are installed, over the same
 * file into the same sink, one after the other in each round; medians. Answers 0 also where a target is missed: what
 * it prints is ratios, and a judgement would be one about the machine.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { megabytes: { type: 'string', default: '300' }, rounds: { type: 'string', default: '3' } },
  });
  const missing = ['gcc'].filter((tool) => spawnSync(tool, ['--version']).error);
  if (!existsSync(rig) || missing.length > 0) {
    console.log(`skipped: the sink of ${rig} must be there, and gcc to build it`);
    return 0;
  }
  const root = mkdtempSync(join(tmpdir(), 'bench-'));
  const bundles = await bundle({ harness: 'test/faults/harness.ts' });
  try {
    execFileSync('gcc', ['-O2', '-w', '-o', join(root, 'sink'), join(rig, 'sink.c'), '-lz']);
    const bytes = Number(values.megabytes) * 1e6;
    const files = { text: makeFile(root, 'v5-text', bytes), json: makeFile(root, 'v5-json', bytes) };
    const all = contestants({ root, rig, harness: join(bundles.directory, 'harness.mjs'), files });
    console.log(`${all.map(({ name }) => name).join(', ')}; ${values.megabytes} MB, ${values.rounds} rounds`);
    const results = new Map<string, Figures[]>();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const contestant of all) {
        const figures = await measure(contestant, join(root, 'sink'));
        results.set(contestant.name, [...(results.get(contestant.name) ?? []), figures]);
      }
    }
    print(results);
    return 0;
  } finally {
    bundles.remove();
    rmSync(root, { recursive: true, force: true });
  }
}

/** A file of about so many bytes; answers its directory, path and number of lines. */
function makeFile(root: string, format: LineFormat, bytes: number): { directory: string; path: string; lines: number } {
  const directory = join(root, format);
  mkdirSync(directory);
  const path = join(directory, 'emqx.log');
  const fd = openSync(path, 'w');
  let lines = 0;
  while (statSync(path).size < bytes) {
    let text = '';
    for (let i = 0; i < 10_000; i++) text += formatLine(format, lines++);
    writeSync(fd, text);
  }
  closeSync(fd);
  return { directory, path, lines };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function print(results: ReadonlyMap<string, readonly Figures[]>): void {
  const medians = [...results].map(([name, runs]) => ({
    name,
    rate: median(runs.map(({ linesPerSecond }) => linesPerSecond)),
    cpu: median(runs.map(({ cpuPerGigabyte }) => cpuPerGigabyte)),
    peak: median(runs.map(({ peakMegabytes }) => peakMegabytes)),
    idle: median(runs.map(({ idleMegabytes }) => idleMegabytes)),
  }));
  console.log('\n| | k lines/s | CPU s/GB | peak MB | after MB |\n| --- | ---: | ---: | ---: | ---: |');
  for (const { name, rate, cpu, peak, idle } of medians) {
    console.log(
      `| ${name} | ${Math.round(rate / 1000)} | ${cpu.toFixed(1)} | ${Math.round(peak)} | ${Math.round(idle)} |`,
    );
  }
  const [ours, ...others] = medians;
  for (const other of ours ? others : []) {
    const ratio = (a: number, b: number) => (a / b).toFixed(2);
    console.log(
      `${ours?.name} : ${other.name} = ${ratio(ours?.rate ?? 0, other.rate)} x lines/s, ${ratio(ours?.cpu ?? 0, other.cpu)} x CPU, ${ratio(ours?.peak ?? 0, other.peak)} x peak memory`,
    );
  }
}
