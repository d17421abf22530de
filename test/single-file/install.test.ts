import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// scripts/install.sh by real shells, with a PATH that holds only what a small system has; what the machine says about
// itself (uname, getconf, ldd, ldconfig, df) is played.
const script = join(import.meta.dirname, '../../scripts/install.sh');
const tools = ['sed', 'awk', 'grep', 'cat', 'mktemp', 'rm', 'mv', 'chmod', 'sha256sum', 'gzip', 'curl'];
const shells = [['dash'], ['busybox', 'sh'], ['bash', '--posix']].filter(([name = '']) => {
  const there = which(name) !== undefined;
  if (!there) console.log(`install.sh: ${name} is not here, not tested with it`);
  return there;
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'install-'));
  for (const name of ['path', 'files', 'to']) mkdirSync(join(dir, name));
  for (const name of tools) symlinkSync(which(name) as string, join(dir, 'path', name));
  machine({});
  publish('amd64', 'echo emqxee-agent 9.9.9');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe.each(shells.map((shell) => [shell.join(' '), shell] as const))('install.sh with %s', (_name, shell) => {
  const install = (...args: string[]) => run(shell, args);
  const local = (...args: string[]) => install('--from', join(dir, 'files'), '--to', join(dir, 'to'), ...args);

  it('installs from a directory, leaves a second time alone, and replaces another version', async () => {
    const first = await local();
    expect(first.stderr).toContain('(emqxee-agent 9.9.9)');
    expect(first.stderr).toContain('emqxee-agent start');
    expect(first.code).toBe(0);
    const again = await local();
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('already this version') });
    publish('amd64', 'echo emqxee-agent 9.9.10');
    const newer = await local();
    expect(newer).toMatchObject({ code: 0, stderr: expect.stringContaining('emqxee-agent restart') });
    expect(spawnSync(join(dir, 'to/emqxee-agent'), { encoding: 'utf8' }).stdout).toBe('emqxee-agent 9.9.10\n');
    expect(readdirSync(join(dir, 'to'))).toEqual(['emqxee-agent']);
  });

  it('fetches over HTTP, the gzip copy where there is one', async () => {
    await serving(async (url, asked) => {
      expect(await install('--from', `${url}/`, '--to', join(dir, 'to'))).toMatchObject({ code: 0 });
      expect(asked).toEqual(['/SHA256SUMS', '/emqxee-agent-linux-amd64.gz']);
    });
    rmSync(join(dir, 'to/emqxee-agent'));
    rmSync(join(dir, 'files/emqxee-agent-linux-amd64.gz'));
    await serving(async (url, asked) => {
      expect(await install('--from', url, '--to', join(dir, 'to'))).toMatchObject({ code: 0 });
      expect(asked.at(-1)).toBe('/emqxee-agent-linux-amd64');
    });
  });

  it.each([
    ['aarch64', '64', 'arm64'],
    ['aarch64', '32', 'arm'],
    ['armv7l', '32', 'arm'],
    ['armv8l', '32', 'arm'],
  ])('takes the file for %s with %s bits: %s', async (name, bits, arch) => {
    machine({ uname: name, bits });
    publish(arch, `echo for ${arch}`);
    expect(await local()).toMatchObject({ code: 0, stderr: expect.stringContaining(`(for ${arch})`) });
  });

  it.each([
    ['another architecture', { uname: 'armv6l', bits: '32' }, 'no file for armv6l'],
    ['a 32-bit x86 system', { bits: '32' }, '32-bit x86'],
    ['another system', { os: 'FreeBSD' }, 'this is FreeBSD'],
    ['an old glibc', { libc: 'glibc 2.17' }, 'glibc 2.17 is too old'],
    ['an old glibc known by ldd alone', { libc: '', ldd: 'ldd (GNU libc) 2.17' }, 'glibc 2.17 is too old'],
    ['musl', { libc: '', ldd: 'musl libc (x86_64)\nVersion 1.2.4' }, 'musl instead of glibc'],
    ['no libatomic on arm', { uname: 'armv7l', bits: '32', libraries: 'libstdc++.so.6' }, 'install libatomic1'],
  ])('refuses %s and says what to do', async (_what, played, sentence) => {
    machine(played);
    expect(await local()).toMatchObject({ code: 5, stderr: expect.stringContaining(sentence) });
    expect(readdirSync(join(dir, 'to'))).toEqual([]);
  });

  it('takes static files on musl when told so', async () => {
    machine({ libc: '', ldd: 'musl libc (x86_64)\nVersion 1.2.4' });
    expect(await local('--static')).toMatchObject({ code: 0 });
  });

  it('changes nothing when the sha256 is wrong, the disk is full, or the file does not run', async () => {
    await local();
    const before = readFileSync(join(dir, 'to/emqxee-agent'), 'utf8');
    expect(await local('--sha256', '0'.repeat(64))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('wrong'),
    });
    publish('amd64', 'echo libz.so.1: cannot open >&2; exit 127');
    expect(await local()).toMatchObject({ code: 5, stderr: expect.stringContaining('libz.so.1: cannot open') });
    machine({ free: '119999' });
    expect(await local()).toMatchObject({ code: 1, stderr: expect.stringContaining('120 MB are needed') });
    expect(readFileSync(join(dir, 'to/emqxee-agent'), 'utf8')).toBe(before);
    expect(readdirSync(join(dir, 'to'))).toEqual(['emqxee-agent']);
  });

  it('names what is wrong with the call or the address', async () => {
    expect(await install()).toMatchObject({ code: 2, stderr: expect.stringContaining('--from is needed') });
    expect(await install('--from')).toMatchObject({ code: 2, stderr: expect.stringContaining('needs a value') });
    expect(await install('--force')).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    rmSync(join(dir, 'files/SHA256SUMS'));
    expect(await local()).toMatchObject({ code: 6, stderr: expect.stringContaining('cannot get the sha256') });
    expect(await local('--sha256', '1'.repeat(64), '--to', '/nowhere')).toMatchObject({ code: 1 });
    rmSync(join(dir, 'files/emqxee-agent-linux-amd64'));
    rmSync(join(dir, 'files/emqxee-agent-linux-amd64.gz'));
    expect(await local('--sha256', '1'.repeat(64))).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('cannot fetch'),
    });
  });
});

interface Played {
  readonly os?: string;
  readonly uname?: string;
  readonly bits?: string;
  readonly libc?: string;
  readonly ldd?: string;
  readonly libraries?: string;
  readonly free?: string;
}

function machine(played: Played): void {
  const { os = 'Linux', uname = 'x86_64', bits = '64', libc = 'glibc 2.28', ldd = '', free = '900000' } = played;
  const libraries = played.libraries ?? 'libstdc++.so.6 libatomic.so.1';
  program('uname', `case $1 in -s) echo ${os} ;; *) echo ${uname} ;; esac`);
  program('getconf', `case $1 in LONG_BIT) echo ${bits} ;; *) [ -n '${libc}' ] && echo ${libc} ;; esac`);
  program('ldd', `printf '%s\\n' '${ldd}'; exit 1`);
  program('ldconfig', `echo '${libraries}'`);
  program('df', `echo head; echo /dev/x 1 1 ${free} 1% /`);
}

function program(name: string, body: string): void {
  const file = join(dir, 'path', name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

function publish(arch: string, body: string): void {
  const name = `emqxee-agent-linux-${arch}`;
  const bytes = Buffer.from(`#!/bin/sh\n${body}\n`);
  writeFileSync(join(dir, 'files', name), bytes);
  writeFileSync(join(dir, 'files', `${name}.gz`), gzipSync(bytes));
  writeFileSync(join(dir, 'files/SHA256SUMS'), `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
}

async function serving(use: (url: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    try {
      response.end(readFileSync(join(dir, 'files', request.url ?? '')));
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function run([name = '', ...before]: readonly string[], args: readonly string[]) {
  const env = { PATH: join(dir, 'path') };
  return new Promise<{ code: number; stderr: string }>((resolve) => {
    execFile(which(name) as string, [...before, script, ...args], { env }, (error, _stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stderr });
    });
  });
}

function which(name: string): string | undefined {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
  return found || undefined;
}
