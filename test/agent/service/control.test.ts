import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentControl } from '../../../agent/service/control-client.ts';
import { type Controls, closeServer, listenOnLoopback, listenOnSocket } from '../../../agent/service/control-server.ts';
import type { AgentStatus } from '../../../src/contract/control.ts';
import { Failure } from '../../../src/core/errors.ts';
import { atEnd } from '../process.ts';

let folder: string;
let socket: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'control-'));
  socket = join(folder, 'run/control.sock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const status: AgentStatus = {
  version: '1',
  pid: 1,
  startedAt: 0,
  nodeId: 'n',
  state: 'healthy',
  registration: { url: 'http://ecp', since: 0 },
  parts: [{ name: 'report', state: 'healthy', since: 0 }],
  nodes: [],
  notices: [],
};

async function listen(more: Partial<Controls> = {}) {
  const server = await listenOnSocket(socket, folder, {
    status: () => status,
    register: async () => ({ nodeId: 'n', checks: [] }),
    unregister: async () => ({ wasRegistered: true }),
    ...more,
  });
  atEnd(() => closeServer(server));
  return agentControl(socket);
}

function raw(method: string, path: string, body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socket, method, path }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the control socket', () => {
  it('lets in nobody but root and its owner', async () => {
    await listen();
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700);
  });

  it('answers nothing where no agent listens', async () => {
    expect(await agentControl(socket).status()).toBeUndefined();
    writeFileSync(join(folder, 'run'), '');
    expect(await agentControl(join(folder, 'none/control.sock')).status()).toBeUndefined();
  });

  it('has no answer from an agent that is killed while it is asked, and says so of an order', async () => {
    mkdirSync(join(folder, 'run'));
    const dying = createServer((peer) => peer.once('data', () => peer.destroy())).listen(socket);
    atEnd(() => dying.close());
    await once(dying, 'listening');
    expect(await agentControl(socket).status()).toBeUndefined();
    await expect(agentControl(socket).unregister({})).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('takes over the socket of an agent that was killed', async () => {
    // Moved away before it closes, its file stays behind as after a SIGKILL.
    mkdirSync(join(folder, 'run'));
    const dead = createServer().listen(join(folder, 'run/dead'));
    await once(dead, 'listening');
    renameSync(join(folder, 'run/dead'), socket);
    dead.close();
    await once(dead, 'close');
    expect(statSync(socket).isSocket()).toBe(true);
    expect(await (await listen()).status()).toEqual(status);
  });

  it('is refused to a second agent while the first one answers', async () => {
    await listen();
    await expect(listen()).rejects.toThrow('already running');
  });

  it('carries failures with their code, both languages and next step', async () => {
    const reason = { en: 'because', zh: '因为' };
    const control = await listen({
      register: async () => {
        throw new Failure('refused', { reason }, { hint: { en: 'do', zh: '做' }, status: 409 });
      },
    });
    const failure = await control.register({ url: 'u', registrationToken: 't' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).sentence('zh')).toBe('被拒绝：因为');
    expect((failure as Failure).nextStep('en')).toBe('do');
    expect(failure).toMatchObject({ code: 'refused', status: 409, exit: 5 });
  });

  it.each([
    ['POST', '/register', '{"url":1}', 400],
    ['POST', '/register', 'no json', 400],
    ['POST', '/register', `{"url":"${'x'.repeat(1024 * 1024)}"}`, 400],
    ['GET', '/register', '', 404],
    ['GET', '/nosuch', '', 404],
    ['GET', '/live', '', 200],
    ['GET', '/ready', '', 200],
  ])('%s %s with %.20j is answered with %4$i', async (method, path, body, expected) => {
    await listen();
    expect(await raw(method, path, body)).toBe(expected);
  });

  it('survives a peer that talks nonsense and one that leaves', async () => {
    const control = await listen();
    for (const words of ['\0\0\0nonsense\r\n\r\n', 'POST /register HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc']) {
      await new Promise<void>((resolve) => {
        const peer = connect(socket, () => {
          peer.write(words);
          setTimeout(() => peer.destroy(), 20);
        });
        peer.on('close', () => resolve()).on('error', () => resolve());
      });
    }
    expect(await control.status()).toEqual(status);
  });
});

describe('health on loopback', () => {
  it('shows health and nothing else', async () => {
    let current: AgentStatus = status;
    const server = await listenOnLoopback({ host: '127.0.0.1', port: 0 }, { status: () => current });
    atEnd(() => closeServer(server));
    const { port } = server.address() as AddressInfo;
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return { code: answer.status, text: await answer.text() };
    };
    expect(await ask('/live')).toMatchObject({ code: 200 });
    expect(await ask('/ready')).toMatchObject({ code: 200 });
    expect((await ask('/metrics')).text).toMatch(/^emqxee_agent_ready 1$/m);
    expect((await ask('/status')).code).toBe(404);
    expect((await ask('/register', 'POST')).code).toBe(404);
    current = { ...status, parts: [{ name: 'tunnel', state: 'failing', since: 0, reason: 'no broker' }] };
    expect(await ask('/ready')).toEqual({ code: 503, text: '{"ready":false,"reasons":["tunnel: no broker"]}' });
    expect((await ask('/metrics')).text).toMatch(/^emqxee_agent_part_healthy\{part="tunnel"\} 0$/m);
  });
});
