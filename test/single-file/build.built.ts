import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinnedBase } from '../../scripts/agent-file/base.ts';
import { blobFromBase, makeBlob } from '../../scripts/agent-file/blob.ts';
import { readNodeBinary } from '../../scripts/agent-file/elf.ts';
import { gzipLimit, targets } from '../../scripts/agent-file/targets.ts';
import { dist, fileOf, lacks, root, run, which } from './built.ts';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const host = targets.find((target) => target.native === process.arch);
let work: string;
beforeAll(() => {
  for (const { arch } of targets) {
    if (!existsSync(fileOf(arch))) throw new Error(`${fileOf(arch)} is missing: npm run build:agent`);
  }
  work = mkdtempSync(join(dist, '.test-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(targets.map((target) => [target.arch, target] as const))('%s', (arch, target) => {
  it('keeps the limits of size', (context) => {
    if (!stripped(fileOf(arch))) context.skip(`built without ${target.triple}-strip: sizes hold for stripped files`);
    expect(statSync(fileOf(arch)).size).toBeLessThanOrEqual(target.limit);
    expect(statSync(`${fileOf(arch)}.gz`).size).toBeLessThanOrEqual(gzipLimit);
  });

  it('has the version, and help in two languages', (context) => {
    const missing = lacks(target);
    if (missing) context.skip(`not run here: no ${missing}`);
    const env = { PATH: '/nonexistent', LANG: 'C' };
    expect(run(target, fileOf(arch), ['--version'], env)).toMatchObject({
      status: 0,
      stdout: `emqxee-agent ${version}\n`,
    });
    expect(run(target, fileOf(arch), ['--help'], env).stdout).toContain('Connects an EMQX node to EMQX ECP');
    expect(run(target, fileOf(arch), ['--help', '--lang', 'zh'], env).stdout).toContain('把 EMQX 节点接入 EMQX ECP');
    expect(run(target, fileOf(arch), ['no-such'], env)).toMatchObject({ status: 2, stdout: '' });
  });

  it('carries the section that its own Node would write', (context) => {
    const missing = lacks(target);
    if (missing) context.skip(`not compared here: no ${missing}`);
    const dir = mkdtempSync(join(work, 'blob-'));
    const base = pinnedBase(target, dir);
    const code = readFileSync(join(dist, 'emqxee-agent.cjs'));
    const own = blobFromBase(target, base.file, base.node.version, code, dir);
    expect(makeBlob(target, base.file, base.node, code, dir).equals(own)).toBe(true);
    rmSync(dir, { recursive: true });
  });

  it('needs glibc 2.28 at most, and the libraries that the install script looks for', (context) => {
    if (!which('readelf')) context.skip('not read here: no readelf (Debian: binutils)');
    const dynamic = spawnSync('readelf', ['-dVW', fileOf(arch)], { encoding: 'utf8', maxBuffer: 1 << 26 }).stdout;
    const needed = [...dynamic.matchAll(/NEEDED.*\[(.+)\]/g)].map(([, name]) => name).sort();
    const loader = needed.filter((name) => name?.startsWith('ld-linux'));
    const always = ['libc.so.6', 'libdl.so.2', 'libgcc_s.so.1', 'libm.so.6', 'libpthread.so.0', 'libstdc++.so.6'];
    expect(needed).toEqual([...always, ...loader, ...(arch === 'arm' ? ['libatomic.so.1'] : [])].sort());
    const minors = [...dynamic.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    expect(minors.length).toBeGreaterThan(0);
    expect(Math.max(...minors)).toBeLessThanOrEqual(28);
  });
});

it('SHA256SUMS names every file and is right', () => {
  const check = spawnSync('sha256sum', ['-c', '--quiet', '--strict', 'SHA256SUMS'], { cwd: dist, encoding: 'utf8' });
  expect(check.stdout + check.stderr).toBe('');
  const named = readFileSync(join(dist, 'SHA256SUMS'), 'utf8').match(/\S+$/gm);
  const there = readdirSync(dist).filter((name) => name.startsWith('emqxee-agent-linux-'));
  expect(there).toHaveLength(10);
  expect(named).toEqual([...there, 'install.sh'].sort());
});

it('the gzip copies hold the same bytes', () => {
  for (const { arch } of targets) {
    const same = spawnSync('sh', ['-c', 'gzip -dc "$0.gz" | cmp - "$0"', fileOf(arch)], { encoding: 'utf8' });
    expect(same).toMatchObject({ status: 0, stderr: '' });
  }
});

it('a second build has the same sums', () => {
  const out = join(work, 'again');
  build(['--out', out]);
  expect(readFileSync(join(out, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(dist, 'SHA256SUMS'), 'utf8'));
  rmSync(out, { recursive: true });
});

it('takes another Node as base, which writes its own section', (context) => {
  if (!host) return context.skip(`no target for ${process.arch}`);
  const node = readNodeBinary(readFileSync(process.execPath));
  if (typeof node === 'string') return context.skip(`the Node that runs this: ${node}`);
  const out = join(work, 'named');
  const { stdout } = build(['--arch', host.arch, `--node-${host.arch}`, process.execPath, '--out', out]);
  expect(stdout).toContain(`Node ${process.versions.node}`);
  const file = join(out, `emqxee-agent-linux-${host.arch}`);
  expect(run(host, file, ['--version'])).toMatchObject({ status: 0, stdout: `emqxee-agent ${version}\n` });
  expect(readdirSync(out).some((name) => name.includes('arm64'))).toBe(host.arch === 'arm64');
  rmSync(out, { recursive: true });
});

it('builds unstripped where there are no binutils, says so, and the file runs', (context) => {
  if (!host) return context.skip(`no target for ${process.arch}`);
  const path = join(work, 'path');
  mkdirSync(path);
  for (const name of ['tar', 'gzip', 'npm', 'sh']) symlinkSync(which(name) ?? name, join(path, name));
  const out = join(work, 'unstripped');
  const { stdout } = build(['--arch', host.arch, '--out', out], { ...process.env, PATH: path });
  expect(stdout).toContain(`not stripped, no ${host.triple}-strip here (Debian: apt-get install ${host.binutils})`);
  const file = join(out, `emqxee-agent-linux-${host.arch}`);
  expect(stripped(file)).toBe(false);
  expect(run(host, file, ['--version'])).toMatchObject({ status: 0, stdout: `emqxee-agent ${version}\n` });
  rmSync(out, { recursive: true });
});

it('installs by the script from what was built', (context) => {
  if (!host) return context.skip(`no target for ${process.arch}`);
  const to = join(work, 'bin');
  mkdirSync(to);
  const args = [join(root, 'scripts/install.sh'), '--from', dist, '--to', to];
  const first = spawnSync('sh', args, { encoding: 'utf8' });
  expect(first.stderr).toContain(`(emqxee-agent ${version})`);
  expect(spawnSync('sh', args, { encoding: 'utf8' }).stderr).toContain('already this version');
  rmSync(to, { recursive: true });
});

it('a file that was built is refused as a base', () => {
  if (!host) return;
  const copy = join(work, 'copy');
  copyFileSync(fileOf(host.arch), copy);
  const args = [join(root, 'scripts/build-agent.js'), '--arch', host.arch, `--node-${host.arch}`, copy];
  const result = spawnSync(process.execPath, [...args, '--out', join(work, 'none')], { encoding: 'utf8' });
  expect(result.status).toBe(78);
  expect(result.stderr).toBe(`build:agent: cannot use ${copy}: already carries an application\n`);
});

function build(args: readonly string[], env = process.env) {
  const result = spawnSync(process.execPath, [join(root, 'scripts/build-agent.js'), ...args], {
    encoding: 'utf8',
    env,
  });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return result;
}

/** Whether the ELF file has no symbol table: no section header of type 2. */
function stripped(file: string): boolean {
  const bytes = readFileSync(file);
  const wide = bytes[4] === 2;
  const start = wide ? Number(bytes.readBigUInt64LE(40)) : bytes.readUInt32LE(32);
  const size = bytes.readUInt16LE(wide ? 58 : 46);
  const count = bytes.readUInt16LE(wide ? 60 : 48);
  const types = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(start + index * size + 4));
  if (!types.includes(3)) throw new Error(`${file}: no section headers that can be read`);
  return !types.includes(2);
}
