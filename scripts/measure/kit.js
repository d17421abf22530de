// What the measurements share: packages installed aside, a temporary folder that is gone afterwards, medians, a table.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `work(folder)` in a fresh temporary folder and removes it, whatever happened. */
export async function inTemporary(work) {
  const folder = mkdtempSync(join(tmpdir(), 'ecpctl-measure-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs packages with npm into `folder` (no install scripts) and returns `require` of that folder. */
export function install(folder, ...packages) {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = spawnSync('npm', ['install', ...options, ...packages], { cwd: folder, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`npm could not install ${packages.join(' ')}:\n${done.stderr}`);
  return createRequire(join(folder, 'index.js'));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

/** On what the figures were taken, in one line. */
export function machine() {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${platform()} ${arch()}, ${cpus().length} cores, ${memory} GiB, Node ${process.versions.node}`;
}

export function table(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => String(row[at]).length)));
  const line = (row) =>
    row
      .map((cell, at) => String(cell).padEnd(widths[at]))
      .join('  ')
      .trimEnd();
  console.log(
    [line(rows[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.slice(1).map(line)].join('\n'),
  );
}
