import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { agentControl } from '../../agent/service/control-client.ts';
import { Stage, until } from '../e2e/stage.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';

/** What an agent may take while nothing happens and everything is on. */
const budget = { privateMb: 45, rssMb: 90, cpuPercent: 0.5 };

const ticksPerSecond = 100;

/**
 * Memory and CPU of a real agent that is registered, reports, observes EMQX, holds its tunnel and follows logs, after it
 * has shipped some. Answers 1 where a budget is passed.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string', default: '60' } } });
  const seconds = Number(values.seconds);
  const folder = mkdtempSync(join(tmpdir(), 'idle-'));
  const stage = new Stage(process.cwd(), folder);
  try {
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    const server = await stage.startServer();
    const emqx = await stage.startEmqx({ logDir: logs });
    const must = async (program: 'ecpctl' | 'emqxee-agent', words: readonly string[], options = {}) => {
      const { code, stdout, stderr } = await stage.run(program, words, options);
      if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
      return stdout;
    };
    const input = readFileSync(server.passwordFile, 'utf8');
    await must('ecpctl', ['login', '--url', server.url, '--username', 'admin', '--password-stdin'], { input });
    const { registrationToken } = JSON.parse(await must('ecpctl', ['register', 'plant-1', '-o', 'json']));
    const home = join(folder, 'agent');
    await must('emqxee-agent', ['start', '--home', home]);
    const env = {
      ECP_REGISTRATION_TOKEN: registrationToken as string,
      EMQX_DASHBOARD_USERNAME: 'admin',
      EMQX_DASHBOARD_PASSWORD: 'public',
    };
    const where = ['--url', server.url, '--emqx-dashboard-url', emqx.dashboardUrl, '--log-dir', logs];
    await must('emqxee-agent', ['register', '--home', home, ...where], { env });
    const writer = new EmqxLogWriter({ directory: logs, fileBytes: 10_000_000, files: 5 });
    writer.write(20_000);
    const control = agentControl(join(home, 'run/control.sock'));
    const status = await until('the agent is healthy and has shipped', async () => {
      const seen = await control.status();
      return seen?.logs?.delivered === 20_000 && seen.parts.every((part) => part.state === 'healthy') && seen;
    });
    // What shipping took is given back when it has been quiet for a while.
    await sleep(25_000);
    const before = ticksOf(status.pid);
    let privateMb = 0;
    let rssMb = 0;
    for (let second = 0; second < seconds; second++) {
      await sleep(1000);
      const memory = memoryOf(status.pid);
      privateMb = Math.max(privateMb, memory.privateMb);
      rssMb = Math.max(rssMb, memory.rssMb);
    }
    const cpuPercent = ((ticksOf(status.pid) - before) / ticksPerSecond / seconds) * 100;
    const rows = Object.entries({ privateMb, rssMb, cpuPercent }) as [keyof typeof budget, number][];
    for (const [name, value] of rows) console.log(`${name.padEnd(11)} ${value.toFixed(2)} of ${budget[name]}`);
    console.log(`node ${process.versions.node}, peak of ${seconds} s idle`);
    return rows.some(([name, value]) => value > budget[name]) ? 1 : 0;
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function memoryOf(pid: number): { privateMb: number; rssMb: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  // Clean pages are the program's own file, which the system drops and reads again as it likes.
  return { privateMb: kb('Private_Dirty') / 1024, rssMb: kb('Rss') / 1024 };
}

function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
