import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { main } from '../../scripts/agent-file/main.ts';

const root = join(import.meta.dirname, '../..');

it.each([
  [['--arch', 'mips'], '--arch mips: one of amd64, arm, arm64'],
  [['--builder', 'nexe'], '--builder: sea or pkg'],
  [['--builder', 'pkg', '--node-arm', 'x'], 'pkg brings its own Node'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %j in one line with exit code 2', async (args, sentence) => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(await main(root, args)).toBe(2);
    expect(stderr.mock.calls.join('')).toContain(sentence);
  } finally {
    stderr.mockRestore();
  }
});

it('prints its options', () => {
  const script = join(root, 'scripts/build-agent.js');
  const result = spawnSync(process.execPath, [script, '--help'], { encoding: 'utf8' });
  expect(result.status).toBe(0);
  expect(result.stdout).toContain('--node-arm PATH');
});

it('pkg without its base binaries is one line and exit code 6', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pkg-'));
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
  vi.stubEnv('npm_config_cache', join(dir, 'cache'));
  vi.stubEnv('npm_config_fetch_retries', '0');
  try {
    expect(await main(root, ['--builder', 'pkg', '--arch', 'arm', '--out', join(dir, 'out')])).toBe(6);
    const said = stderr.mock.calls.join('');
    expect(said).toMatch(/^build:agent: pkg's base binary for node22-linuxstatic-armv7 cannot be had here: .+\n$/);
  } finally {
    stderr.mockRestore();
    vi.unstubAllEnvs();
    rmSync(dir, { recursive: true });
  }
});
