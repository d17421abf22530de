import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The port that the peers' configurations name. */
export const sinkPort = 9209;
const limitMs = 300_000;
const idleMs = 3000;

export interface Contestant {
  readonly name: string;
  readonly file: { readonly path: string; readonly lines: number };
  /** Prepares a fresh state and answers what to start. */
  prepare(): { readonly command: string; readonly args: readonly string[]; readonly env?: Record<string, string> };
}

export interface Figures {
  readonly linesPerSecond: number;
  readonly cpuPerGigabyte: number;
  readonly peakMegabytes: number;
  readonly idleMegabytes: number;
}

/** Lets one shipper take a whole file to a fresh sink; start-up is part of its CPU, not of its time. */
export async function measure(contestant: Contestant, sinkPath: string): Promise<Figures> {
  const { file, name } = contestant;
  const sink = spawn(sinkPath, [String(sinkPort), 'check'], { stdio: 'ignore' });
  await sleep(300);
  const { command, args, env } = contestant.prepare();
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], env: { ...process.env, ...env } });
  try {
    const deadline = Date.now() + limitMs;
    let stats = await readStats();
    while (stats.uniq < file.lines) {
      if (Date.now() > deadline || child.exitCode !== null)
        throw new Error(`${name}: ${stats.uniq} of ${file.lines} lines`);
      await sleep(50);
      stats = await readStats();
    }
    const { pid = 0 } = child;
    const cpu = cpuSeconds(pid);
    const peak = statusOf(pid, 'VmHWM');
    await sleep(idleMs);
    return {
      linesPerSecond: file.lines / stats.secs,
      cpuPerGigabyte: cpu / (statSync(file.path).size / 1e9),
      peakMegabytes: peak / 1024,
      idleMegabytes: statusOf(pid, 'VmRSS') / 1024,
    };
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await gone;
    }
    sink.kill('SIGKILL');
    await sleep(200);
  }
}

async function readStats(): Promise<{ uniq: number; secs: number }> {
  const answer = await fetch(`http://127.0.0.1:${sinkPort}/stats`);
  return (await answer.json()) as { uniq: number; secs: number };
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const statusOf = (pid: number, field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
