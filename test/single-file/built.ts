import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runner } from '../../scripts/agent-file/blob.ts';
import { type Arch, type Target, targets } from '../../scripts/agent-file/targets.ts';

export const root = join(import.meta.dirname, '../..');
export const dist = join(root, 'dist');

export const fileOf = (arch: Arch): string => join(dist, `emqxee-agent-linux-${arch}`);

export function targetOf(arch: Arch): Target {
  const target = targets.find((each) => each.arch === arch);
  if (!target) throw new Error(`no target ${arch}`);
  return target;
}

/** What this machine lacks to run files of the target; undefined when it can. */
export function lacks(target: Target): string | undefined {
  if (target.native === process.arch) return undefined;
  if (!which(target.emulator)) return `${target.emulator} (Debian: qemu-user-static)`;
  if (!existsSync(target.sysroot)) return `${target.sysroot} (Debian: libc6-*-cross, libstdc++6-*-cross)`;
  return undefined;
}

export function which(program: string): string | undefined {
  return spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim() || undefined;
}

/** The command line that runs a file of the target here, with the emulator by its full path: PATH may be empty. */
export function commandLine(target: Target, file: string): [string, ...string[]] {
  const [program, ...args] = runner(target, file);
  return [which(program) ?? program, ...args];
}

/** Runs a file to its end, natively or emulated. */
export function run(target: Target, file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const [program, ...before] = commandLine(target, file);
  return spawnSync(program, [...before, ...args], { encoding: 'utf8', env, timeout: 120_000 });
}
