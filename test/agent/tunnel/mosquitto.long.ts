import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../stand-ins/certificates.ts';
import { runScript } from '../../support/process.ts';
import { emqx } from '../emqx/rig.ts';
import { collect, startRequester } from './requester.ts';
import { atEnd, looked, startTunnel, topics, tunnelSettings, until } from './rig.ts';

const program = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'mosquitto'))
  .find((path) => existsSync(path));
const works = program !== undefined && spawnSync(program, ['-h']).stdout?.toString().startsWith('mosquitto version');
if (!works)
  console.log(
    'mosquitto is not installed: the tunnel is not tried with a broker of others (apt-get install mosquitto).',
  );

interface Mosquitto {
  readonly url: string;
  process: ChildProcess;
  /** Starts it again on the same port after its end. */
  again(): Promise<void>;
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
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Debian's mosquitto with its usual limits, passwords and topic rights, and TLS with client certificates if given. */
async function mosquitto(tls?: { ca: string; cert: string; key: string }): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
    return join(folder, name);
  };
  const port = await freePort();
  const salt = randomBytes(12);
  const hash = pbkdf2Sync('mqtt-secret', salt, 101, 64, 'sha512').toString('base64');
  const rights = `user agent\ntopic read ${topics.request}\ntopic write ${topics.reply}\nuser ecp\ntopic readwrite #\n`;
  const passwords = ['agent', 'ecp'].map((user) => `${user}:$7$101$${salt.toString('base64')}$${hash}\n`).join('');
  const config = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    `password_file ${file('passwords', passwords)}`,
    `acl_file ${file('rights', rights)}`,
    ...(tls
      ? [
          `cafile ${file('ca.pem', tls.ca)}`,
          `certfile ${file('cert.pem', tls.cert)}`,
          `keyfile ${file('key.pem', tls.key)}`,
          'require_certificate true',
        ]
      : []),
    `user ${process.getuid?.() === 0 ? 'root' : 'nobody'}`,
    'persistence false',
  ];
  const path = file('mosquitto.conf', `${config.join('\n')}\n`);
  const start = async () => {
    const child = spawn(program ?? '', ['-c', path], { stdio: 'ignore' });
    for (let turn = 0; turn < 200; turn++) {
      const open = await opens(port);
      if (open) return child;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('mosquitto does not start');
  };
  const started: Mosquitto = {
    url: `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    process: await start(),
    async again() {
      started.process = await start();
    },
  };
  atEnd(async () => {
    started.process.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return started;
}

const echo = () =>
  emqx(
    {},
    {
      handle(request, response) {
        if (request.url === '/hang') return true;
        if (request.url !== '/echo') return false;
        request.pipe(response);
        return true;
      },
    },
  );

const login = { username: 'ecp', password: 'mqtt-secret' };

describe.runIf(works)('with mosquitto', () => {
  async function line() {
    const between = await mosquitto();
    const node = await echo();
    const observer = await looked(node);
    const timings = { connectMs: 2000, keepaliveS: 1 };
    const { tunnel } = startTunnel(tunnelSettings(between.url), observer.gateway, { timings });
    const requester = await startRequester(between.url, topics, login);
    atEnd(() => requester.end());
    await until(() => tunnel.status().state === 'healthy');
    return { between, node, tunnel, requester };
  }

  it('small calls and 20 MB both ways pass, 4 at once, through its usual queues', async () => {
    const { requester } = await line();
    expect((await requester.ask({ path: '/api/v5/nodes' })).status).toBe(200);
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    await Promise.all(
      [1, 2, 3, 4].map(async (n) => {
        const pieces = Array.from({ length: 5 }, () => Buffer.alloc(1024 * 1024, n));
        async function* upload() {
          yield* pieces;
        }
        const reply = await requester.ask({ method: 'POST', path: '/echo', body: upload(), deadlineMs: 30_000 });
        expect(digest(await collect(reply.body))).toBe(digest(Buffer.concat(pieces)));
      }),
    );
  });

  it('a broker that is stopped in its tracks is noticed, and taken up again when it goes on', async () => {
    const { between, tunnel, requester } = await line();
    between.process.kill('SIGSTOP');
    await until(() => tunnel.status().state === 'failing');
    expect(tunnel.status().reason).toBe(`The MQTT broker at ${between.url} does not answer`);
    between.process.kill('SIGCONT');
    await until(() => tunnel.status().state === 'healthy', 10_000);
    expect((await requester.ask({})).status).toBe(200);
  });

  it('a broker that is killed is waited for', async () => {
    const { between, tunnel } = await line();
    between.process.kill('SIGKILL');
    await until(() => tunnel.status().state === 'failing');
    await between.again();
    await until(() => tunnel.status().state === 'healthy', 10_000);
    const requester = await startRequester(between.url, topics, login);
    atEnd(() => requester.end());
    expect((await requester.ask({})).status).toBe(200);
  });

  it('the last will of an agent that is killed ends its requests', async () => {
    const between = await mosquitto();
    const node = await echo();
    const agent = await runScript(new URL('process.ts', import.meta.url), [between.url, node.dashboardUrl]);
    atEnd(() => agent.stop('SIGKILL'));
    await agent.line();
    const requester = await startRequester(between.url, topics, login);
    atEnd(() => requester.end());
    expect((await requester.ask({})).status).toBe(200);
    const asked = requester.ask({ path: '/hang' }).catch((error: unknown) => error);
    await until(() => node.requests.some(({ url }) => url === '/hang'));
    agent.child.kill('SIGKILL');
    expect(await asked).toMatchObject({ code: 'cut', message: 'The agent has lost its connection' });
  });

  it('client certificates and refusals are understood', async () => {
    const authority = createAuthority();
    const server = authority.issue('broker');
    const between = await mosquitto({ ca: authority.cert, ...server });
    const client = authority.issue('agent');
    const secure = { ca: authority.cert, cert: client.cert, key: client.key };
    const gateway = { request: () => Promise.reject(new Error('not asked here')) };
    const good = startTunnel(tunnelSettings(between.url, secure), gateway);
    await until(() => good.tunnel.status().state === 'healthy');
    const wrong = startTunnel(tunnelSettings(between.url, { ...secure, password: 'x' }), gateway);
    await until(() => wrong.tunnel.status().state === 'failing');
    expect(wrong.tunnel.status().reason).toMatch(/does not accept the credentials that ECP gave/);
    const bare = startTunnel(tunnelSettings(between.url, { ca: authority.cert }), gateway);
    await until(() => bare.tunnel.status().state === 'failing');
    expect(bare.tunnel.status().reason).toBe(
      `The MQTT broker at ${between.url} does not accept the certificate of the agent (tlsv13 alert certificate required); set its certificate and key in agent.yaml`,
    );
  });
});
