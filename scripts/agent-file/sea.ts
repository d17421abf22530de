import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure } from '../../src/core/errors.ts';
import type { Base } from './base.ts';
import { makeBlob } from './blob.ts';
import { fuse } from './elf.ts';
import type { Target } from './targets.ts';

export interface Built {
  readonly file: string;
  readonly stripped: boolean;
}

/** A stock Node, stripped, with the script in a section of its own. Changes the base's file. */
export function buildSea(target: Target, base: Base, code: Buffer, workDir: string): Built {
  const blob = join(workDir, 'section');
  writeFileSync(blob, makeBlob(target, base.file, base.node, code, workDir));
  chmodSync(base.file, 0o755);
  // Before the injection, never after it: strip moves the section that postject added, and the file then crashes.
  const stripped = strip(target, base.file);
  inject(base.file, blob);
  return { file: base.file, stripped };
}

/** Only the target's own strip reads its files; false where there is none. */
function strip(target: Target, file: string): boolean {
  const names = [`${target.triple}-strip`, ...(target.native === process.arch ? ['strip'] : [])];
  for (const name of names) {
    const result = spawnSync(name, ['--strip-all', file], { encoding: 'utf8' });
    if (result.error && (result.error as NodeJS.ErrnoException).code === 'ENOENT') continue;
    if (result.status !== 0) throw new Failure('failed', { reason: `${name}: ${result.stderr.trim()}` });
    return true;
  }
  return false;
}

/** In a process of its own: it takes 700 MB, and prints a page of warnings about sections it does not know. */
function inject(file: string, blob: string): void {
  const cli = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  const args = [cli, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (result.status !== 0)
    throw new Failure('failed', { reason: `postject: ${(result.stderr || result.stdout).trim()}` });
}
