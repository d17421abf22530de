import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Certificate } from '../../stand-ins/certificates.ts';

const program = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'mosquitto'))
  .find((path) => existsSync(path));

export const hasMosquitto =
  program !== undefined && spawnSync(program, ['-h']).stdout?.toString().startsWith('mosquitto version') === true;
if (!hasMosquitto) {
  console.log('skipped: mosquitto is not installed, so its configuration of docs/tunnel.md is not tried');
}

export interface Mosquitto {
  readonly url: string;
  readonly usersFile: string;
  readonly pid: number;
  start(): Promise<void>;
  /** Makes it read its users again. */
  reload(): void;
  /** Ends it where it stands. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Debian's mosquitto with the very lines of docs/tunnel.md, but for port and paths; without a certificate no TLS. */
export async function mosquitto(tls?: Certificate): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const [config = '', rights = ''] = examples();
  const port = await freePort();
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
    return join(folder, name);
  };
  const usersFile = file('users', 'nobody:$7$101$AAAA$AAAA\n');
  const values: Record<string, string> = {
    listener: `${port} 127.0.0.1`,
    certfile: file('broker.pem', tls?.cert ?? ''),
    keyfile: file('broker.key', tls?.key ?? ''),
    password_file: usersFile,
    acl_file: file('ecp.acl', rights),
  };
  const lines = config
    .trim()
    .split('\n')
    .filter((line) => tls || !/^(cert|key)file /.test(line))
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return `${name} ${values[name] ?? rest.join(' ')}`;
    });
  const user = process.getuid?.() === 0 ? 'root' : 'nobody';
  const path = file('mosquitto.conf', `${[...lines, `user ${user}`, 'persistence false'].join('\n')}\n`);
  let child: ChildProcess;
  const broker: Mosquitto = {
    url: `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    usersFile,
    get pid() {
      return Number(child.pid);
    },
    async start() {
      child = spawn(program ?? '', ['-c', path], { stdio: 'ignore' });
      for (let turn = 0; !(await opens(port)); turn++) {
        if (turn > 500) throw new Error('mosquitto does not start');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    reload: () => void child.kill('SIGHUP'),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async close() {
      await broker.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await broker.start();
  return broker;
}

/** The two files of the page: configuration and rights. */
function examples(): string[] {
  const page = readFileSync(new URL('../../../docs/tunnel.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('\n### Mosquitto\n');
  return [...section.matchAll(/```\n(.*?)```/gs)].map(([, block = '']) => block);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
