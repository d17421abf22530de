import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Failure } from '../../src/core/errors.ts';
import type { Target } from './targets.ts';

/** The newest one that runs on Node 20, with the pkg-fetch that it names. Fetched when asked for: 108 packages. */
const pkg = '@yao-pkg/pkg@6.12.0';
const pkgFetch = '@yao-pkg/pkg-fetch@3.5.32';

export interface PkgBuilt {
  readonly file: string;
  readonly nodeVersion: string;
}

/**
 * The second builder: @yao-pkg/pkg on its static base binaries (good on musl). Targets and options: the `pkg` block of
 * package.json.
 * @throws Failure not_available where the base binary cannot be fetched.
 */
export function buildPkg(root: string, target: Target, code: Buffer, workDir: string): PkgBuilt {
  const config = join(root, 'package.json');
  const pkgTarget = targetOf(config, target);
  const nodeVersion = fetchBase(pkgTarget);
  const script = join(workDir, 'emqxee-agent.cjs');
  writeFileSync(script, code);
  const file = join(workDir, 'packed');
  const options = ['--config', config, '--targets', pkgTarget, '--output', file];
  const result = npmExec(pkg, 'pkg', [script, ...options, '--no-bytecode', '--public', '--public-packages', '*']);
  if (result.status !== 0) throw new Failure('failed', { reason: `pkg: ${cause(result)}` });
  return { file, nodeVersion };
}

function targetOf(config: string, target: Target): string {
  const { targets } = JSON.parse(readFileSync(config, 'utf8')).pkg as { targets: string[] };
  const found = targets.find((each) => each.endsWith(`-${target.pkgArch}`));
  if (found === undefined) throw new Failure('failed', { reason: `package.json: no pkg target for ${target.pkgArch}` });
  return found;
}

/** Asked for on its own before pkg starts: without it, pkg would go on and compile Node from source. */
function fetchBase(pkgTarget: string): string {
  const [range = '', platform = '', arch = ''] = pkgTarget.split('-');
  const result = npmExec(pkgFetch, 'pkg-fetch', ['-n', range, '-p', platform, '-a', arch, '--force-fetch']);
  const version = /-v(\d+\.\d+\.\d+)-/.exec(basename(lines(result).at(-1) ?? ''))?.[1];
  if (result.status !== 0 || version === undefined) {
    throw new Failure('not_available', { what: `pkg's base binary for ${pkgTarget}`, reason: cause(result) });
  }
  return version;
}

function npmExec(from: string, program: string, args: readonly string[]) {
  return spawnSync('npm', ['exec', '--yes', `--package=${from}`, '--', program, ...args], { encoding: 'utf8' });
}

function lines(result: { stdout: string; stderr: string }): string[] {
  return stripVTControlCharacters(`${result.stderr}\n${result.stdout}`)
    .split('\n')
    .map((line) => line.replace(/^> *(Error! *)?/, '').trim())
    .filter((line) => line !== '');
}

/** The first line that speaks of an error is the cause; the ones after it are what came of it. */
function cause(result: { error?: Error; stdout: string; stderr: string }): string {
  const said = lines(result);
  return result.error?.message ?? said.find((line) => /error/i.test(line)) ?? said.at(-1) ?? 'no output';
}
