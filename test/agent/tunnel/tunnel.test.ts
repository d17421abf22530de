import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeFrame, tunnelLimits } from '../../../src/contract/frames.ts';
import { createAuthority } from '../../stand-ins/certificates.ts';
import type { Handler } from '../../stand-ins/emqx/server.ts';
import { emqx } from '../emqx/rig.ts';
import { collect, startRequester } from './requester.ts';
import { atEnd, broker, looked, startTunnel, topics, tunnelSettings, until, wholeLine } from './rig.ts';

/** `/api/v5/echo` gives back method, headers and body; `/api/v5/bytes/N` sends N bytes without saying how many. */
const workshop: Handler = (request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://emqx');
  if (pathname === '/api/v5/echo') {
    response.setHeader('x-method', String(request.method));
    response.setHeader('x-seen', JSON.stringify(request.headers));
    response.setHeader('x-url', String(request.url));
    request.pipe(response);
    return true;
  }
  const size = Number(/^\/api\/v5\/bytes\/(\d+)$/.exec(pathname)?.[1] ?? Number.NaN);
  if (Number.isNaN(size)) return false;
  let sent = 0;
  const piece = Buffer.alloc(100_000, 'x');
  const more = () => {
    while (sent < size) {
      const bytes = piece.subarray(0, Math.min(piece.length, size - sent));
      sent += bytes.length;
      if (!response.write(bytes)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
  return true;
};

describe('the tunnel', () => {
  it('carries a request to EMQX with the credentials of the agent, and the answer back in one frame', async () => {
    const { requester, node } = await wholeLine();
    const reply = await requester.ask({ path: '/api/v5/nodes?x=1', headers: { accept: 'application/json' } });
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(JSON.parse(await reply.text())[0].node).toBe('emqx@127.0.0.1');
    expect(node.requests.at(-1)).toMatchObject({ url: '/api/v5/nodes?x=1', headers: { authorization: /^Bearer / } });
    expect(requester.frames.map(({ kind }) => kind)).toEqual(['response']);
  });

  it('passes on what EMQX says, its failures too', async () => {
    const { requester } = await wholeLine();
    const reply = await requester.ask({ path: '/api/v5/nosuch', headers: { accept: 'application/json' } });
    expect(reply.status).toBe(404);
    expect(await reply.text()).toBe('{"code":"NOT_FOUND","message":"Request Path Not Found"}');
    expect(await (await requester.ask({ path: '/' })).text()).toContain('EMQX Dashboard');
  });

  it('carries the calls for connection limits and lets the requester read the success from the answer', async () => {
    const { requester, node } = await wholeLine({ version: '5.8.6', license: 'business-critical' });
    const put = (limit: number) =>
      requester.ask({
        method: 'PUT',
        path: '/api/v5/license/setting',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ dynamic_max_connections: limit }),
      });
    expect(JSON.parse(await (await put(50)).text())).toMatchObject({ dynamic_max_connections: 50 });
    node.knobs.license = 'official';
    const other = await wholeLine({ license: 'official' });
    const reply = await other.requester.ask({
      method: 'PUT',
      path: '/api/v5/license/setting',
      body: '{"dynamic_max_connections":50}',
    });
    expect(reply.status).toBe(200);
    expect(JSON.parse(await reply.text())).not.toHaveProperty('dynamic_max_connections');
  });

  it('renews the login once when EMQX has dropped it, with a body in one frame as well', async () => {
    const { requester, node } = await wholeLine({ license: 'business-critical' });
    node.knobs.tokens = 'unknown';
    expect((await requester.ask({})).status).toBe(200);
    node.knobs.tokens = 'timeout';
    const reply = await requester.ask({
      method: 'PUT',
      path: '/api/v5/license/setting',
      body: '{"dynamic_max_connections":9}',
    });
    expect(JSON.parse(await reply.text())).toMatchObject({ dynamic_max_connections: 9 });
    // A wrong password that somebody else sends through the tunnel is theirs.
    const login = { method: 'POST', path: '/api/v5/login', body: '{"username":"admin","password":"x"}' } as const;
    expect((await requester.ask(login)).status).toBe(401);
    expect((await requester.ask({})).status).toBe(200);
  });

  it.each([0, 1, 65_535, 65_536, 65_537, 3_000_000])('brings back %i bytes as they are', async (size) => {
    const { requester } = await wholeLine({}, workshop);
    const reply = await requester.ask({ path: `/api/v5/bytes/${size}` });
    const body = await collect(reply.body);
    expect(body.length).toBe(size);
    expect(body.equals(Buffer.alloc(size, 'x'))).toBe(true);
  });

  it('carries a body both ways at once', async () => {
    const { requester } = await wholeLine({}, workshop);
    const pieces = Array.from({ length: 40 }, () => randomBytes(90_000));
    async function* upload() {
      yield* pieces;
    }
    const reply = await requester.ask({ method: 'POST', path: '/api/v5/echo', body: upload() });
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(await collect(reply.body))).toBe(digest(Buffer.concat(pieces)));
  });

  it('stops EMQX while the requester does not read', async () => {
    const { requester, broker } = await wholeLine({}, workshop);
    const reply = await requester.ask({ path: '/api/v5/bytes/50000000' });
    const first = reply.body[Symbol.asyncIterator]();
    await first.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sent = broker.messages.filter(({ topic }) => topic === topics.reply).length;
    expect(sent).toBeLessThanOrEqual(1 + 2 * tunnelLimits.window);
    let size = 0;
    for (let next = await first.next(); !next.done; next = await first.next()) size += next.value.length;
    expect(size).toBeGreaterThan(49_000_000);
  });

  it('serves 32 at once, answers busy to the next, and is free again after them', async () => {
    const held: (() => void)[] = [];
    const { requester, tunnel } = await wholeLine({}, (request, response) => {
      if (request.url !== '/api/v5/slow') return false;
      held.push(() => response.end('done'));
      return true;
    });
    const replies = Array.from({ length: tunnelLimits.atOnce }, () => requester.ask({ path: '/api/v5/slow' }));
    await until(() => held.length === tunnelLimits.atOnce);
    expect(tunnel.status().inFlight).toBe(32);
    await expect(requester.ask({})).rejects.toMatchObject({
      code: 'busy',
      message: 'The agent serves 32 requests at once; try again',
    });
    for (const finish of held) finish();
    for (const reply of await Promise.all(replies)) expect(await reply.text()).toBe('done');
    expect((await requester.ask({})).status).toBe(200);
    await until(() => tunnel.status().inFlight === 0);
    expect(tunnel.status().served).toBe(33);
  });

  it('ends a request at its deadline and lets go of EMQX', async () => {
    let closed = false;
    const { requester } = await wholeLine({}, (request, response) => {
      if (request.url !== '/api/v5/never') return false;
      response.once('close', () => {
        closed = true;
      });
      return true;
    });
    await expect(requester.ask({ path: '/api/v5/never', deadlineMs: 100 })).rejects.toMatchObject({
      code: 'deadline',
      message: 'EMQX has not answered within 100 ms',
    });
    await until(() => closed);
  });

  it('ends a request that is cancelled and lets go of EMQX', async () => {
    let closed = false;
    let arrived = false;
    const { requester, tunnel } = await wholeLine({}, (request, response) => {
      if (request.url !== '/api/v5/never') return false;
      arrived = true;
      response.once('close', () => {
        closed = true;
      });
      return true;
    });
    const stop = new AbortController();
    const asked = requester.ask({ path: '/api/v5/never', signal: stop.signal });
    const failed = expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await until(() => arrived);
    stop.abort();
    await failed;
    await until(() => closed && tunnel.status().inFlight === 0);
  });

  it('tells of an EMQX that is not there, in the words of the report', async () => {
    const { requester, node } = await wholeLine();
    await node.stop();
    await expect(requester.ask({})).rejects.toMatchObject({
      code: 'emqx',
      message: expect.stringMatching(/^EMQX at http:\/\/127\.0\.0\.1:\d+ refuses the connection/),
    });
  });

  it('answers frames it cannot read, and never a frame about the connection', async () => {
    const { requester } = await wholeLine();
    const id = 'ab'.repeat(16);
    const request = encodeFrame('request', id, { method: 'GET', path: '/', headers: {}, deadlineMs: 1 });
    request[0] = 9;
    requester.sendRaw(request);
    await until(() => requester.frames.length === 1);
    expect(requester.frames[0]).toMatchObject({ kind: 'error', id, header: { code: 'version', versions: [1] } });
    request[0] = 1;
    request[1] = 77;
    requester.sendRaw(request);
    await until(() => requester.frames.length === 2);
    expect(requester.frames[1]).toMatchObject({ kind: 'error', id, header: { code: 'bad_frame' } });
    requester.sendRaw(Buffer.from('noise'));
    requester.sendRaw(Buffer.alloc(0));
    requester.sendRaw(Buffer.alloc(300_000, 1));
    requester.sendRaw(encodeFrame('error', '0'.repeat(32), { code: 'cut', message: '' }));
    requester.sendRaw(encodeFrame('data', 'cd'.repeat(16), { seq: 5 }, Buffer.from('late')));
    expect((await requester.ask({})).status).toBe(200);
  });

  it('carries a request once although it arrives twice', async () => {
    const { requester, node } = await wholeLine();
    const header = { method: 'GET' as const, path: '/api/v5/nodes', headers: {}, deadlineMs: 5000 };
    const frame = encodeFrame('request', 'ef'.repeat(16), header);
    const before = node.requests.length;
    requester.sendRaw(frame);
    requester.sendRaw(frame);
    await until(() => requester.frames.length === 1);
    requester.sendRaw(frame);
    expect((await requester.ask({ path: '/api/v5/cluster' })).status).toBe(200);
    expect(node.requests.slice(before).map(({ url }) => url)).toEqual(['/api/v5/nodes', '/api/v5/cluster']);
  });

  it('publishes telemetry where the metadata names a topic, and nowhere else', async () => {
    const between = await broker();
    const node = await emqx();
    const observer = await looked(node);
    const telemetry = observer.telemetry();
    if (!telemetry) throw new Error('no telemetry');
    const { tunnel } = startTunnel(tunnelSettings(between.url), observer.gateway);
    await until(() => tunnel.status().state === 'healthy');
    tunnel.offer(telemetry);
    tunnel.apply(tunnelSettings(between.url, { telemetryTopic: 'telemetry/1' }));
    await until(() => tunnel.status().state === 'healthy');
    tunnel.offer(telemetry);
    await until(() => between.messages.some(({ topic }) => topic === 'telemetry/1'));
    const sent = between.messages.filter(({ topic }) => topic === 'telemetry/1');
    expect(sent.length).toBe(1);
    expect(JSON.parse(String(sent[0]?.payload))).toEqual(telemetry);
    expect(sent[0]?.qos).toBe(0);
  });

  it('serves two agents on two nodes of one cluster, each its own', async () => {
    const between = await broker();
    const agents = await Promise.all(
      [1, 2].map(async (n) => {
        const names = n === 1 ? ['emqx@n1', 'emqx@n2'] : ['emqx@n2', 'emqx@n1'];
        const observer = await looked(await emqx({ nodes: names }));
        const seen = observer.status().observation;
        const settings = tunnelSettings(between.url, { requestTopic: `requests/${n}`, replyTopic: `replies/${n}` });
        const { tunnel } = startTunnel(settings, observer.gateway);
        const requester = await startRequester(between.url, { request: `requests/${n}`, reply: `replies/${n}` });
        atEnd(() => requester.end());
        await until(() => tunnel.status().state === 'healthy');
        return { seen, requester };
      }),
    );
    expect(agents.map(({ seen }) => seen.self)).toEqual(['emqx@n1', 'emqx@n2']);
    const told = await Promise.all(
      agents.map(async ({ requester }) => JSON.parse(await (await requester.ask({ path: '/api/v5/cluster' })).text())),
    );
    expect(told.map(({ self }) => self)).toEqual(['emqx@n1', 'emqx@n2']);
  });
});

describe('the tunnel over', () => {
  const authority = createAuthority();

  it.each(['mqtt', 'mqtts', 'ws', 'wss'] as const)(
    '%s, with CA and client certificate where there is TLS',
    async (scheme) => {
      const secure = scheme === 'mqtts' || scheme === 'wss';
      const between = await broker({
        scheme,
        ...(secure && { tls: authority.issue('broker'), clientCa: authority.cert }),
      });
      const node = await emqx();
      const observer = await looked(node);
      const client = authority.issue('agent');
      const { tunnel } = startTunnel(
        tunnelSettings(between.url, secure ? { ca: authority.cert, cert: client.cert, key: client.key } : {}),
        observer.gateway,
      );
      await until(() => tunnel.status().state === 'healthy');
      const inside = await import('aedes');
      expect(inside).toBeDefined();
      const answers: Buffer[] = [];
      between.aedes.subscribe(
        topics.reply,
        (packet, done) => {
          answers.push(packet.payload as Buffer);
          done();
        },
        () => {},
      );
      const header = { method: 'GET' as const, path: '/api/v5/nodes', headers: {}, deadlineMs: 5000 };
      between.aedes.publish(
        {
          cmd: 'publish',
          topic: topics.request,
          payload: encodeFrame('request', 'aa'.repeat(16), header),
          qos: 1,
          dup: false,
          retain: false,
        },
        () => {},
      );
      await until(() => answers.length === 1);
      expect(answers[0]?.[1]).toBe(2);
    },
  );
});
