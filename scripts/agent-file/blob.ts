import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../src/core/errors.ts';
import type { NodeBinary } from './elf.ts';
import type { Target } from './targets.ts';

/** How one Node version lays out what it reads from the injected section. */
export interface Layout {
  /** Width of a length: size_t of the target. */
  readonly bits: 32 | 64;
  /** Newer versions carry one byte that says where further arguments of Node come from; 1 is NODE_OPTIONS. */
  readonly execArgv: boolean;
}

/** The versions whose layout a test compares with what Node itself writes (src/node_sea.cc). */
const known: Readonly<Record<string, Omit<Layout, 'bits'>>> = {
  '20.11.0': { execArgv: false },
  '24.21.0': { execArgv: true },
};

const codePath = 'emqxee-agent.cjs';

/** Writes the section: magic, flags (1: no warning about an experiment), name and text of the script. */
export function writeBlob(code: Buffer, layout: Layout): Buffer {
  const head = Buffer.alloc(layout.execArgv ? 9 : 8);
  head.writeUInt32LE(0x143da20, 0);
  head.writeUInt32LE(1, 4);
  if (layout.execArgv) head[8] = 1;
  const path = Buffer.from(codePath);
  return Buffer.concat([head, length(path, layout), path, length(code, layout), code]);
}

function length(of: Buffer, { bits }: Layout): Buffer {
  const field = Buffer.alloc(bits / 8);
  field.writeUInt32LE(of.length, 0);
  return field;
}

/** The command line that runs a binary of the target here: itself, or through the emulator of qemu-user. */
export function runner(target: Target, binary: string): [string, ...string[]] {
  return target.native === process.arch ? [binary] : [target.emulator, '-L', target.sysroot, binary];
}

/**
 * The section for a base. Lengths are size_t, so 32 and 64 bits differ, and every version has its own layout: the
 * pinned versions are written here, without an emulator; any other base has to write its own.
 * @throws Failure not_available where a base of an unknown version does not run on this machine.
 */
export function makeBlob(target: Target, base: string, node: NodeBinary, code: Buffer, workDir: string): Buffer {
  const layout = known[node.version];
  return layout
    ? writeBlob(code, { ...layout, bits: node.bits })
    : blobFromBase(target, base, node.version, code, workDir);
}

/** Lets the base itself write the section. */
export function blobFromBase(target: Target, base: string, version: string, code: Buffer, workDir: string): Buffer {
  const config = { main: codePath, output: 'blob', disableExperimentalSEAWarning: true, useCodeCache: false };
  writeFileSync(join(workDir, codePath), code);
  writeFileSync(join(workDir, 'sea.json'), JSON.stringify({ ...config, useSnapshot: false }));
  const [program, ...args] = runner(target, base);
  const result = spawnSync(program, [...args, '--experimental-sea-config', 'sea.json'], {
    cwd: workDir,
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    const reason = result.error?.message ?? (result.stderr.trim().split('\n')[0] || `exit code ${result.status}`);
    throw new Failure('not_available', {
      what: `the section for Node ${version} (linux-${target.arch})`,
      reason: `that Node must run on this machine to write it (Debian: apt-get install qemu-user-static): ${reason}`,
    });
  }
  return readFileSync(join(workDir, 'blob'));
}
