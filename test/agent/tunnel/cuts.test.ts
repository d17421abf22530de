import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { Handler } from '../../stand-ins/emqx/server.ts';
import { startWire, type Wire } from '../../stand-ins/wire.ts';
import { emqx } from '../emqx/rig.ts';
import { collect, type Requester, startRequester } from './requester.ts';
import { atEnd, broker, looked, startTunnel, topics, tunnelSettings, until, wholeLine } from './rig.ts';

const portOf = (url: string) => Number(new URL(url).port);

/** EMQX with a request that hangs, one that takes forever to take a body in, and one that sends 300 kB. */
function slowly(): { handle: Handler; readonly open: () => number; release: () => void } {
  let open = 0;
  const waiting: (() => void)[] = [];
  return {
    open: () => open,
    release: () => {
      for (const go of waiting.splice(0)) go();
    },
    handle(request, response) {
      const path = request.url ?? '';
      if (!path.startsWith('/slow/')) return false;
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      if (path === '/slow/hang') waiting.push(() => response.end('late'));
      else if (path === '/slow/half') response.write('x'.repeat(200_000));
      else if (path === '/slow/upload') request.resume();
      else if (path === '/slow/300k') {
        request.resume().once('end', () => {
          response.write(Buffer.alloc(150_000, 'a'));
          setImmediate(() => response.end(Buffer.alloc(150_000, 'b')));
        });
      }
      return true;
    },
  };
}

/** Like `wholeLine`, with a wire that can be cut between agent and broker. */
async function overWire() {
  const work = slowly();
  const node = await emqx({}, { handle: work.handle });
  const between = await broker();
  const wire = await startWire(portOf(between.url));
  atEnd(() => wire.stop());
  const observer = await looked(node);
  const timings = { connectMs: 2000, keepaliveS: 1 };
  const settings = tunnelSettings(`mqtt://127.0.0.1:${wire.port}`);
  const { tunnel, lines } = startTunnel(settings, observer.gateway, { timings });
  const requester = await startRequester(between.url, topics);
  atEnd(() => requester.end());
  await until(() => tunnel.status().state === 'healthy');
  return { node, work, between, wire, tunnel, lines, requester };
}

async function* drip(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.alloc(50_000, 'u');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const lost = { code: 'cut', message: 'The agent has lost its connection' };

/** The tunnel is whole again and carries. */
async function works(requester: Requester, tunnel: { status(): { state: string; inFlight: number } }): Promise<void> {
  await until(() => tunnel.status().state === 'healthy');
  expect((await requester.ask({})).status).toBe(200);
  await until(() => tunnel.status().inFlight === 0);
}

describe('a cut between agent and broker', () => {
  it('while EMQX thinks ends the request on both sides', async () => {
    const { work, wire, tunnel, lines, requester } = await overWire();
    const asked = expect(requester.ask({ path: '/slow/hang' })).rejects.toMatchObject(lost);
    await until(() => work.open() === 1);
    wire.cut();
    await asked;
    await until(() => work.open() === 0);
    await works(requester, tunnel);
    expect(lines.map(({ message }) => message)).toContain(
      `The connection to the MQTT broker at mqtt://127.0.0.1:${wire.port} was lost`,
    );
  });

  it('in the middle of an upload ends it', async () => {
    const { work, wire, tunnel, requester } = await overWire();
    const asked = expect(requester.ask({ method: 'POST', path: '/slow/upload', body: drip() })).rejects.toMatchObject(
      lost,
    );
    await until(() => work.open() === 1);
    wire.cut();
    await asked;
    await until(() => work.open() === 0);
    await works(requester, tunnel);
  });

  it('in the middle of an answer ends its body with an error, never as if it were whole', async () => {
    const { work, wire, tunnel, requester } = await overWire();
    const reply = await requester.ask({ path: '/slow/half' });
    wire.cut();
    await expect(collect(reply.body)).rejects.toMatchObject(lost);
    await until(() => work.open() === 0);
    await works(requester, tunnel);
  });

  it.each(['up', 'down'] as const)('at any byte on its way %s leaves a whole answer or an error', async (direction) => {
    const { wire, tunnel, requester } = await overWire();
    const outcomes = new Set<string>();
    // Up: the answer and its credit; down: the request with 64 kB of body, and the credit for the answer.
    const sizes = direction === 'up' ? 300_000 : 66_000;
    for (let n = 0; n <= 14; n++) {
      let left = Math.floor((sizes * n) / 13);
      wire.onData = (way, bytes) => {
        if (way !== direction) return;
        left -= bytes.length;
        if (left <= 0) {
          wire.onData = undefined;
          wire.cut();
        }
      };
      try {
        const reply = await requester.ask({ method: 'POST', path: '/slow/300k', body: 'q'.repeat(64_000) });
        const body = await collect(reply.body);
        expect(body.equals(Buffer.concat([Buffer.alloc(150_000, 'a'), Buffer.alloc(150_000, 'b')]))).toBe(true);
        outcomes.add('whole');
      } catch (error) {
        expect(error).toMatchObject(lost);
        outcomes.add('cut');
      }
      wire.onData = undefined;
      await works(requester, tunnel);
    }
    expect(outcomes).toContain('cut');
  });

  it('is noticed when nothing passes any more although the connection stands', async () => {
    const { wire, tunnel, lines, requester, work } = await overWire();
    const asked = requester.ask({ path: '/slow/hang' }).catch((error: unknown) => error);
    await until(() => work.open() === 1);
    wire.freeze();
    await until(() => tunnel.status().state === 'failing');
    expect(tunnel.status().reason).toBe(`The MQTT broker at mqtt://127.0.0.1:${wire.port} does not answer`);
    await until(() => work.open() === 0);
    wire.mend();
    wire.cut();
    expect(await asked).toMatchObject({ code: 'cut' });
    await works(requester, tunnel);
    expect(lines.length).toBeGreaterThan(1);
  });
});

describe('a cut between agent and EMQX', () => {
  const throughWire = async (): Promise<{ wire: Wire; requester: Requester; work: ReturnType<typeof slowly> }> => {
    const work = slowly();
    const node = await emqx({}, { handle: work.handle });
    const wire = await startWire(portOf(node.dashboardUrl));
    atEnd(() => wire.stop());
    const between = await broker();
    const url = `http://127.0.0.1:${wire.port}`;
    const observer = await looked({ dashboardUrl: url, apiUrl: url });
    const { tunnel } = startTunnel(tunnelSettings(between.url), observer.gateway);
    const requester = await startRequester(between.url, topics);
    atEnd(() => requester.end());
    await until(() => tunnel.status().state === 'healthy');
    return { wire, requester, work };
  };

  it('before the answer is an error of EMQX, and the next request goes through', async () => {
    const { wire, requester, work } = await throughWire();
    const asked = requester.ask({ path: '/slow/hang' }).catch((error: unknown) => error);
    await until(() => work.open() === 1);
    wire.cut();
    expect(await asked).toMatchObject({
      code: 'emqx',
      message: expect.stringMatching(/^EMQX at .* cannot be reached: /),
    });
    expect((await requester.ask({})).status).toBe(200);
  });

  it('in the middle of an answer ends its body with an error', async () => {
    const { wire, requester } = await throughWire();
    const reply = await requester.ask({ path: '/slow/half' });
    wire.cut();
    await expect(collect(reply.body)).rejects.toMatchObject({ code: 'emqx' });
  });
});

describe('an agent that stops', () => {
  it('finishes what it has begun, refuses the rest, and says goodbye', async () => {
    const work = slowly();
    const { requester, tunnel } = await wholeLine({}, work.handle);
    const asked = requester.ask({ path: '/slow/hang' });
    await until(() => work.open() === 1);
    const stopped = tunnel.stop(5000);
    await expect(requester.ask({})).rejects.toMatchObject({ code: 'cut', message: 'The agent is stopping' });
    work.release();
    expect(await (await asked).text()).toBe('late');
    await stopped;
    await until(() => requester.frames.some(({ id }) => id === '0'.repeat(32)));
    expect(tunnel.status()).toMatchObject({ state: 'off', inFlight: 0 });
  });

  it('does not wait longer than it may', async () => {
    const work = slowly();
    const { requester, tunnel } = await wholeLine({}, work.handle);
    const asked = requester.ask({ path: '/slow/hang' }).catch((error: unknown) => error);
    await until(() => work.open() === 1);
    await tunnel.stop(200);
    expect(await asked).toMatchObject({ code: 'cut' });
    await until(() => work.open() === 0);
  });
});

it('waits with full jitter between attempts, up to half a minute', async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer((socket: Socket) => socket.destroy());
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    atEnd(async () => server.close());
  });
  const waits: number[] = [];
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => {
      waits.push(ms);
      return systemClock.sleep(0, signal);
    },
  };
  startTunnel(
    tunnelSettings(`mqtt://127.0.0.1:${port}`),
    { request: () => Promise.reject(new Error()) },
    { clock, random: Math.random },
  );
  await until(() => waits.length >= 12);
  waits.forEach((ms, n) => {
    expect(ms).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** n));
  });
  expect(Math.max(...waits)).toBeGreaterThan(1000);
  expect(new Set(waits).size).toBeGreaterThan(6);
});
