import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Target, targets } from '../../scripts/agent-file/targets.ts';
import { agentIdOf } from '../../src/server/tunnel/names.ts';
import { startTunnel } from '../../src/server/tunnel/tunnel.ts';
import { ecp, emqx, type TestEcp } from '../agent/ecp.ts';
import { atEnd, TestAgent } from '../agent/process.ts';
import { firstProject } from '../server/support.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import { commandLine, fileOf, lacks } from './built.ts';

const records = 10_000;

/** The agent as the single file for a target, with nothing on PATH. */
class FileAgent extends TestAgent {
  private readonly target: Target;

  constructor(target: Target) {
    super();
    this.target = target;
  }

  override spawn(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const [program, ...before] = commandLine(this.target, fileOf(this.target.arch));
    return spawn(program, [...before, '--home', this.home, ...args], {
      env: { PATH: '/nonexistent', LANG: 'C', ...env },
      stdio: 'pipe',
    });
  }
}

describe.each(targets.map((target) => [target.arch, target] as const))('the file for %s', (_arch, target) => {
  it('registers, reports, carries requests to EMQX, ships 10,000 records once each, and ends on SIGTERM', async (context) => {
    const missing = lacks(target);
    if (missing) context.skip(`not run here: no ${missing}`);
    const broker = await tunnel();
    const server = await ecp({ advertiseMqtt: broker.url });
    const node = await emqx();
    const cluster = await server.cluster();
    const agent = new FileAgent(target);
    const logs = join(agent.home, 'emqx-log');
    mkdirSync(logs);

    // In the foreground: `start` begins a second process of the same file, which the kernel does not run for a foreign
    // machine by itself. The published lines are walked through by published.built.ts, natively.
    const daemon = agent.spawn(['run']);
    atEnd(() => daemon.kill('SIGKILL'));
    const ended = new Promise((resolve) => daemon.once('exit', (code, signal) => resolve({ code, signal })));
    await agent.until(() => true, 60_000);

    const token = join(agent.home, 'token');
    writeFileSync(token, `${cluster.token}\n`, { mode: 0o600 });
    const registered = await agent.run(
      [
        ...['register', '--url', server.url, '--registration-token-file', token],
        ...['--emqx-dashboard-url', node.dashboardUrl, '--emqx-api-url', node.apiUrl],
        ...['--enable-log', 'True', '--log-dir', logs],
      ],
      { env: { EMQX_DASHBOARD_USERNAME: 'admin', EMQX_DASHBOARD_PASSWORD: 'public' } },
    );
    expect(registered).toMatchObject({ code: 0 });
    const status = await agent.until(
      (one) => one.nodes.length > 0 && agent.part(one, 'report')?.state === 'healthy',
      60_000,
    );
    expect(status.nodes).toMatchObject([{ node: 'emqx@127.0.0.1', version: '5.8.6' }]);
    expect(await cluster.agents()).toMatchObject([{ nodeId: status.nodeId, err: '' }]);

    const answer = await broker.get('/api/v5/nodes');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject([{ node: 'emqx@127.0.0.1', version: '5.8.6' }]);

    const writer = new EmqxLogWriter({ directory: logs, fileBytes: 1 << 20, files: 10 });
    writer.write(records);
    writer.close();
    const reader = new Reader(server, cluster.id);
    await expect.poll(() => reader.read(), { timeout: 120_000, interval: 200 }).toBeGreaterThanOrEqual(records);

    daemon.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
    await reader.read();
    expect(reader.unexpected()).toEqual([]);
    expect(reader.seqs.size).toBe(records);
  });
});

/** The server's own broker and requester, on a port of their own, so that the test can ask through the tunnel. */
async function tunnel() {
  let present: (agentId: number) => void = () => {};
  const arrived = new Promise<number>((resolve) => {
    present = resolve;
  });
  const running = await startTunnel({
    host: '127.0.0.1',
    port: 0,
    admit: async (userName) => agentIdOf(userName),
    onTelemetry: () => {},
    onPresence: (agentId, isPresent) => isPresent && present(agentId),
  });
  atEnd(() => running.close());
  return {
    url: `mqtt://127.0.0.1:${running.port}`,
    async get(path: string) {
      const request = { method: 'GET', path, headers: {}, deadlineMs: 30_000 } as const;
      const { status, body } = await running.request(await arrived, request, AbortSignal.timeout(60_000));
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      return { status, body: Buffer.concat(parts).toString() };
    },
  };
}

/** Reads the records of a cluster in the order in which ECP got them. */
class Reader {
  readonly seqs = new Set<number>();
  private readonly more: string[] = [];
  private readonly server: TestEcp;
  private readonly clusterId: string;
  private cursor = '';

  constructor(server: TestEcp, clusterId: string) {
    this.server = server;
    this.clusterId = clusterId;
  }

  /** Takes what has come since; answers how many there are in all. */
  async read(): Promise<number> {
    const [, orgId, projectId] =
      /^\/api\/orgs\/(.+)\/projects\/(.+)$/.exec(await firstProject(this.server.admin)) ?? [];
    const window = { clusterId: this.clusterId, start: '', end: '', level: '', msg: '', size: '100', offset: '0' };
    for (;;) {
      const query = new URLSearchParams({ ...window, cursor: this.cursor });
      const { body } = await this.server.admin('GET', `/api/elastic/document/${orgId}/${projectId}/emqx?${query}`);
      if (body.data.length === 0) return this.seqs.size;
      for (const record of body.data) this.take(record);
      this.cursor = body.data.at(-1).cursor;
    }
  }
  /** What came twice, or is none of the lines. */
  unexpected(): readonly string[] {
    return this.more;
  }

  private take(record: { msg: string }): void {
    const seq = /seq: (\d{10})/.exec(record.msg)?.[1];
    if (seq === undefined || this.seqs.has(Number(seq))) this.more.push(JSON.stringify(record));
    else this.seqs.add(Number(seq));
  }
}
