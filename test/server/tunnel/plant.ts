import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentStatus, PartReport } from '../../../src/contract/control.ts';
import { must, root } from '../../e2e/site.ts';
import type { Emqx, Server } from '../../e2e/stage.ts';
import { Stage } from '../../e2e/stage.ts';

/** Server, EMQX stand-in and agent as real processes, in a folder of their own. */
export class Plant {
  readonly folder = mkdtempSync(join(tmpdir(), 'ecp-tunnel-'));
  readonly stage = new Stage(root, this.folder);
  server!: Server;
  emqx!: Emqx;

  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** A server with these options, and somebody logged in. */
  async open(...args: string[]): Promise<void> {
    this.server = await this.stage.startServer({ args });
    const login = ['login', '--url', this.server.url, '--username', 'admin', '--password-stdin'];
    must(await this.stage.run('ecpctl', login, { inputFile: this.server.passwordFile }));
    this.emqx = await this.stage.startEmqx();
  }

  /** A managed cluster whose agent was registered with these options as well. */
  async join(name: string, ...args: string[]): Promise<void> {
    const { stdout } = must(await this.stage.run('ecpctl', ['register', name, '-o', 'json']));
    const { registrationToken } = JSON.parse(stdout) as { registrationToken: string };
    must(await this.stage.run('emqxee-agent', ['start', '--home', join(this.folder, name)]));
    must(
      await this.stage.run('emqxee-agent', [
        ...['register', '--home', join(this.folder, name), '--url', this.server.url],
        ...['--registration-token-file', this.file('token', registrationToken)],
        ...['--emqx-dashboard-url', this.emqx.dashboardUrl, '--emqx-api-url', this.emqx.apiUrl],
        ...['--emqx-dashboard-username', 'admin'],
        ...['--emqx-dashboard-password-file', this.file('emqx-password', 'public')],
        ...args,
      ]),
    );
  }

  /** What the agent says of its tunnel. */
  async tunnel(name: string): Promise<PartReport> {
    const home = join(this.folder, name);
    const { stdout } = await this.stage.run('emqxee-agent', ['status', '--home', home, '-o', 'json']);
    const { parts } = JSON.parse(stdout) as AgentStatus;
    return parts.find((part) => part.name === 'tunnel') as PartReport;
  }

  async close(): Promise<void> {
    await this.stage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
