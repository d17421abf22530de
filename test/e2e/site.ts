import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentStatus } from '../../src/contract/control.ts';
import type { LogPage, LogRecord } from '../../src/contract/logs.ts';
import type { Done, Emqx, Server } from './stage.ts';
import { Stage, until } from './stage.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A server with state on the disk and somebody logged in; agents on demand. All of it real processes. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'ecp-e2e-'));
  readonly stage = new Stage(root, this.folder);
  server!: Server;
  /** Further environment of the server; to be set before it is started. */
  readonly serverEnv: Record<string, string> = {};
  /** Further arguments, in the same way. */
  readonly serverArgs: string[] = [];

  /** Agents ship their logs to `advertiseUrl`, where one is given. */
  async open(advertiseUrl?: string): Promise<void> {
    await this.startServer(advertiseUrl);
    const login = ['login', '--url', this.server.url, '--username', 'admin', '--password-stdin'];
    must(await this.stage.run('ecpctl', login, { inputFile: this.server.passwordFile }));
  }

  /** Starts the server, later again on the same address and state. */
  async startServer(advertiseUrl?: string): Promise<void> {
    this.server = await this.stage.startServer({
      dataDir: join(this.folder, 'data'),
      ...(this.server && { listen: new URL(this.server.url).host }),
      env: this.serverEnv,
      // Simulated clusters take no longer than they must.
      args: ['--fault', '*=20ms', ...this.serverArgs, ...(advertiseUrl ? ['--advertise-url', advertiseUrl] : [])],
    });
  }

  ecpctl(...args: string[]): Promise<Done> {
    return this.stage.run('ecpctl', args);
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(must(await this.ecpctl(...args, '-o', 'json')).stdout);
  }

  /** A managed cluster with an agent on it that ships `logs`, and looks after `emqx` where there is one. */
  async join(name: string, logs = join(this.folder, `${name}-log`), plant: Plant = {}): Promise<Joined> {
    mkdirSync(logs, { recursive: true });
    const { id, registrationToken } = await this.json<{ id: string; registrationToken: string }>('register', name);
    const joined = new Joined(this, id, logs, join(this.folder, name), plant.emqx);
    if (plant.agentYaml !== undefined) {
      mkdirSync(join(joined.home, 'etc'), { recursive: true });
      writeFileSync(join(joined.home, 'etc/agent.yaml'), plant.agentYaml);
    }
    must(await joined.agent('start'));
    must(await joined.register(registrationToken));
    return joined;
  }

  /** Every record of a cluster in the order of arrival. */
  async records(clusterId: string): Promise<LogRecord[]> {
    const headers = { authorization: `Bearer ${await this.token()}` };
    const get = async <T>(path: string) => (await (await fetch(this.server.url + path, { headers })).json()) as T;
    const { data } = await get<{ data: { id: string; orgId: string }[] }>('/api/projects?name=&orgId=');
    const path = `/api/elastic/document/${data[0]?.orgId}/${data[0]?.id}/emqx?clusterId=${clusterId}`;
    const records: LogRecord[] = [];
    for (let cursor = ''; ; cursor = records.at(-1)?.cursor ?? '') {
      const page = await get<LogPage>(`${path}&start=&end=&level=&msg=&size=100&offset=0&cursor=${cursor}`);
      if (page.data.length === 0) return records;
      records.push(...page.data);
    }
  }

  /** A session of its own, apart from that of `ecpctl`, for looks that are too many for processes. */
  async token(): Promise<string> {
    const password = readFileSync(this.server.passwordFile, 'utf8');
    const answer = await fetch(`${this.server.url}/api/account/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    return ((await answer.json()) as { accessToken: string }).accessToken;
  }

  async close(): Promise<void> {
    await this.stage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Plant {
  readonly emqx?: Emqx;
  /** Settings of the agent. */
  readonly agentYaml?: string;
}

export class Joined {
  readonly #site: Site;
  readonly #emqx: Emqx | undefined;
  readonly id: string;
  readonly logs: string;
  readonly home: string;

  constructor(site: Site, id: string, logs: string, home: string, emqx?: Emqx) {
    this.#site = site;
    this.#emqx = emqx;
    this.id = id;
    this.logs = logs;
    this.home = home;
  }

  agent(...args: string[]): Promise<Done> {
    return this.#site.stage.run('emqxee-agent', [...args, '--home', this.home]);
  }

  register(registrationToken: string, ...more: string[]): Promise<Done> {
    const file = join(this.#site.folder, 'registration-token');
    writeFileSync(file, registrationToken);
    const to = ['--url', this.#site.server.url, '--registration-token-file', file];
    const emqx = this.#emqx?.dashboardUrl ?? 'http://127.0.0.1:9';
    const where = ['--home', this.home, '--emqx-dashboard-url', emqx, '--log-dir', this.logs];
    const env = this.#emqx && { EMQX_DASHBOARD_USERNAME: 'admin', EMQX_DASHBOARD_PASSWORD: 'public' };
    return this.#site.stage.run('emqxee-agent', ['register', ...to, ...where, ...more], env && { env });
  }

  async status(): Promise<AgentStatus> {
    const { stdout } = await this.agent('status', '-o', 'json');
    return JSON.parse(stdout);
  }

  /** Waits until so many records are acknowledged. */
  async delivered(count: number, limitMs = 30_000): Promise<void> {
    await until(
      `${count} records are delivered`,
      async () => ((await this.status()).logs?.delivered ?? 0) >= count,
      limitMs,
    );
  }
}

/** The same where it went well; throws with its words where not. */
export function must(done: Done): Done {
  if (done.code !== 0) throw new Error(`ended with ${done.code}: ${done.stderr}`);
  return done;
}
