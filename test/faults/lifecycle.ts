import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { agentControl } from '../../agent/service/control-client.ts';
import { Stage, until } from '../e2e/stage.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import { CutProxy } from './cut-proxy.ts';
import { SeededRandom } from './random.ts';

/** Longest time from the last blow to a healthy agent: a backoff of the tunnel or the reporter may be a minute. */
const healLimitMs = 90_000;

/**
 * Agent, server, broker and EMQX are killed and restarted at random, several in a round, while EMQX writes its log.
 * Every round must end with every part healthy; at the end ECP must have every line once. Answers the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
  const rounds = Number(values.rounds ?? 10);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
  const folder = mkdtempSync(join(tmpdir(), 'lifecycle-'));
  const world = new World(folder);
  const began = Date.now();
  let slowest = 0;
  try {
    await world.start();
    const random = new SeededRandom(seed);
    for (let round = 1; round <= rounds; round++) {
      const blows = await world.round(random);
      const struck = Date.now();
      await world.healthy();
      slowest = Math.max(slowest, Date.now() - struck);
      console.log(
        `ok    round ${round}: ${blows.join(', ')}; healthy after ${((Date.now() - struck) / 1000).toFixed(1)} s`,
      );
    }
    const { written, found } = await world.count();
    if (written !== found) throw new Error(`${written} lines were written, ECP has ${found}`);
    console.log(
      `${rounds} rounds end healthy, ${written} of ${found} log lines are there once, slowest ${(slowest / 1000).toFixed(1)} s, in ${Math.round((Date.now() - began) / 1000)} s`,
    );
    return 0;
  } catch (error) {
    console.log(`FAIL  ${error instanceof Error ? error.message : error}`);
    console.log(await world.picture());
    console.log(`      replay: npm run test:lifecycle -- --rounds ${rounds} --seed ${seed}`);
    return 1;
  } finally {
    await world.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

class World {
  readonly #stage: Stage;
  readonly #home: string;
  readonly #logs: string;
  readonly #folder: string;
  #server: Awaited<ReturnType<Stage['startServer']>> | undefined;
  #ports = { http: 0, mqtt: 0, emqx: 0 };
  #broker: CutProxy | undefined;
  #emqx: ChildProcess | undefined;
  #writer: EmqxLogWriter | undefined;
  #cluster = { id: '', token: '' };

  constructor(folder: string) {
    this.#folder = folder;
    this.#stage = new Stage(process.cwd(), folder);
    this.#home = join(folder, 'agent');
    this.#logs = join(folder, 'emqx-logs');
    mkdirSync(this.#logs);
  }

  async start(): Promise<void> {
    this.#ports = { http: await freePort(), mqtt: await freePort(), emqx: await freePort() };
    this.#broker = await CutProxy.start(this.#ports.mqtt);
    await this.#startServer();
    this.#startEmqx();
    this.#writer = new EmqxLogWriter({ directory: this.#logs, fileBytes: 10_000_000, files: 5 });
    const ecpctl = async (args: readonly string[], input?: string) => {
      const { code, stdout, stderr } = await this.#stage.run('ecpctl', args, input === undefined ? {} : { input });
      if (code !== 0) throw new Error(`ecpctl ${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    const password = readFileSync(this.#server?.passwordFile ?? '', 'utf8');
    await ecpctl(['login', '--url', this.#server?.url ?? '', '--username', 'admin', '--password-stdin'], password);
    const { id, registrationToken } = JSON.parse(await ecpctl(['register', 'plant-1', '-o', 'json']));
    this.#cluster = { id, token: registrationToken };
    await this.#agent('start');
    const emqx = `http://127.0.0.1:${this.#ports.emqx}`;
    await this.#agent(
      'register',
      '--url',
      this.#server?.url ?? '',
      '--emqx-dashboard-url',
      emqx,
      '--log-dir',
      this.#logs,
    );
    await this.healthy();
  }

  /** One to three blows, some at the same moment. Names them. */
  async round(random: SeededRandom): Promise<string[]> {
    const blows: Record<string, () => Promise<void>> = {
      'agent kill -9': async () => {
        const pid = Number(readFileSync(join(this.#home, 'run/agent.pid'), 'utf8').split('\n')[0]);
        process.kill(pid, 'SIGKILL');
        await sleep(random.between(0, 500));
        await this.#agent('start');
      },
      'agent restart': () => this.#agent('restart'),
      'agent register again': () =>
        this.#agent(
          'register',
          '--url',
          this.#server?.url ?? '',
          '--emqx-dashboard-url',
          `http://127.0.0.1:${this.#ports.emqx}`,
          '--log-dir',
          this.#logs,
        ),
      'server kill -9': async () => {
        await this.#server?.stop('SIGKILL');
        await sleep(random.between(0, 1500));
        await this.#startServer();
      },
      'server restart': async () => {
        await this.#server?.stop();
        await this.#startServer();
      },
      'broker cut': async () => {
        await this.#broker?.down();
        await sleep(random.between(0, 1500));
        await this.#broker?.up();
      },
      'EMQX kill -9': async () => {
        const gone = new Promise((resolve) => this.#emqx?.once('exit', resolve));
        this.#emqx?.kill('SIGKILL');
        await gone;
        await sleep(random.between(0, 1500));
        this.#startEmqx();
      },
    };
    const names = new Set(Array.from({ length: random.between(1, 3) }, () => random.pick(Object.keys(blows))));
    // Two blows at the agent at once are one agent told two things; a registration needs its ECP.
    const agent = [...names].filter((name) => name.startsWith('agent'));
    for (const name of agent.slice(1)) names.delete(name);
    if ([...names].some((name) => name.startsWith('server'))) names.delete('agent register again');
    if (names.has('server kill -9')) names.delete('server restart');
    const striking = [...names].map(async (name) => {
      await sleep(random.between(0, 300));
      await blows[name]?.();
    });
    this.#writer?.write(random.between(5, 30));
    await Promise.all(striking);
    this.#writer?.write(random.between(5, 30));
    return [...names];
  }

  /** Every part is healthy and has delivered all that was written. */
  async healthy(): Promise<void> {
    await until(
      'every part of the agent is healthy and all lines are delivered',
      async () => {
        const status = await this.#status();
        const parts = status?.parts.filter((part) => part.state === 'healthy').length;
        const done = status?.logs?.files.reduce((sum, file) => sum + file.acknowledged, 0);
        return parts === 5 && done === this.#writer?.bytes;
      },
      healLimitMs,
    );
  }

  async count(): Promise<{ written: number; found: number }> {
    const written = this.#writer?.seq ?? 0;
    const found = await until('ECP can be asked', async () => {
      const range = ['--since', '2020-01-01', '--until', '2038-01-01'];
      const args = ['logs', 'tail', 'plant-1', '--no-follow', ...range, '-o', 'ndjson'];
      const { code, stdout } = await this.#stage.run('ecpctl', args);
      return code === 0 && stdout.trim().split('\n').length;
    });
    return { written, found };
  }

  async picture(): Promise<string> {
    const log = () => readFileSync(join(this.#home, 'log/agent.log'), 'utf8').split('\n').slice(-30).join('\n');
    const status = await this.#status().catch(String);
    try {
      return `${JSON.stringify(status, null, 2)}\n${log()}`;
    } catch {
      return JSON.stringify(status, null, 2);
    }
  }

  async end(): Promise<void> {
    await this.#stage.close();
    await this.#stage.run('emqxee-agent', ['stop', '--home', this.#home]);
    await this.#broker?.close();
  }

  #status() {
    return agentControl(join(this.#home, 'run/control.sock')).status();
  }

  async #agent(verb: string, ...args: readonly string[]): Promise<void> {
    const env = {
      ECP_REGISTRATION_TOKEN: this.#cluster.token,
      EMQX_DASHBOARD_USERNAME: 'admin',
      EMQX_DASHBOARD_PASSWORD: 'public',
    };
    const { code, stderr } = await this.#stage.run('emqxee-agent', [verb, '--home', this.#home, ...args], { env });
    if (code !== 0) throw new Error(`emqxee-agent ${verb} ended with ${code}: ${stderr}`);
  }

  async #startServer(): Promise<void> {
    const { http, mqtt } = this.#ports;
    this.#server = await this.#stage.startServer({
      dataDir: join(this.#folder, 'data'),
      args: [
        ...['--listen', `127.0.0.1:${http}`, '--mqtt-listen', `127.0.0.1:${mqtt}`],
        ...['--advertise-mqtt', `mqtt://127.0.0.1:${this.#broker?.port}`],
      ],
    });
  }

  #startEmqx(): void {
    const script = join(process.cwd(), 'test/stand-ins/emqx/start.js');
    const knobs = JSON.stringify({ logDir: this.#logs });
    this.#emqx = this.#stage.background('emqx', [script, '--port', String(this.#ports.emqx), '--knobs', knobs]);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
