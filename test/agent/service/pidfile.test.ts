import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimPidFile, identify, runningAgent } from '../../../agent/service/pidfile.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pid-'));
  file = join(folder, 'run/agent.pid');
});
afterEach(() => rmSync(folder, { recursive: true }));

const claim = () => claimPidFile(file, folder);

describe('the pid file', () => {
  it('names the process that claimed it, until it gives it up', () => {
    const release = claim();
    expect(runningAgent(file)?.pid).toBe(process.pid);
    release();
    expect(existsSync(file)).toBe(false);
    expect(runningAgent(file)).toBeUndefined();
  });

  it('is refused while the process lives', () => {
    const release = claim();
    expect(claim).toThrow(`emqxee-agent is already running (pid ${process.pid})`);
    release();
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });

  it.each([
    ['of a dead process', '4194303\n1@boot\n'],
    ['whose number another process has by now', `${process.pid}\n1@boot\n`],
    ['that is empty', ''],
    ['that is nonsense', 'hello\n'],
    ['of another program, without a mark', `${process.pid}\n`],
  ])('%s is stale and is taken over', (_case, content) => {
    claim()();
    writeFileSync(file, content);
    expect(runningAgent(file)).toBeUndefined();
    const release = claim();
    expect(runningAgent(file)?.pid).toBe(process.pid);
    release();
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });

  it('of a killed process is stale at once', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const id = identify(child.pid ?? 0);
    claim()();
    writeFileSync(file, `${id?.pid}\n${id?.mark}\n`);
    expect(runningAgent(file)).toEqual(id);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(runningAgent(file)).toBeUndefined();
  });

  it('is not removed by a process that lost it', () => {
    const release = claim();
    writeFileSync(file, '1\nother\n');
    release();
    expect(readFileSync(file, 'utf8')).toBe('1\nother\n');
  });
});
