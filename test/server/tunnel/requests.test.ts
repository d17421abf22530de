import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectionId, tunnelLimits } from '../../../src/contract/frames.ts';
import type { Tunnel, TunnelRequest } from '../../../src/server/tunnel/tunnel.ts';
import { startTunnel } from '../../../src/server/tunnel/tunnel.ts';
import type { Line } from './carriers.ts';
import { carriers, embedded } from './carriers.ts';
import type { FakeAgent } from './fake-agent.ts';
import { fakeAgent } from './fake-agent.ts';

let line: Line;
let tunnel: Tunnel;
let agent: FakeAgent;

afterEach(async () => {
  await agent.client.endAsync(true);
  await line.close();
});

const plain: TunnelRequest = { method: 'GET', path: '/api/v5/nodes', headers: { accept: '*/*' }, deadlineMs: 5000 };
const ask = (request: Partial<TunnelRequest> = {}, signal = new AbortController().signal) =>
  tunnel.request(1, { ...plain, ...request }, signal);

async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe.each(carriers)('a request through the tunnel over %s', (_, start) => {
  beforeEach(async () => {
    line = await start();
    tunnel = line.tunnel;
    agent = await fakeAgent(line.url, 1);
    await line.ready(1);
  });

  it('carries method, path, headers, body and deadline, and brings the answer back', async () => {
    const answer = ask({ method: 'POST', path: '/api/v5/rules?a=%20', body: Buffer.from('{}') });
    const { id, header, body } = await agent.next('request');
    expect(header).toEqual({ ...plain, method: 'POST', path: '/api/v5/rules?a=%20' });
    expect(Buffer.from(body).toString()).toBe('{}');
    agent.reply('response', id, { status: 201, headers: { 'x-a': '1' } }, Buffer.from('made'));
    // At least once: the same frame again changes nothing.
    agent.reply('response', id, { status: 500, headers: {} });
    const { status, headers, body: made } = await answer;
    expect([status, headers, (await read(made)).toString()]).toEqual([201, { 'x-a': '1' }, 'made']);
  });

  it('sends a long body as fast as the agent grants credit, and no faster', async () => {
    const bytes = Buffer.alloc(20 * tunnelLimits.chunk, 'x');
    const answer = ask({ method: 'PUT', body: bytes });
    const { id, header } = await agent.next('request');
    expect(header.more).toBe(true);
    const got: Uint8Array[] = [];
    for (let i = 0; i < tunnelLimits.window; i++) got.push((await agent.next('data')).body);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(agent.frames).toEqual([]);
    agent.reply('data', id, { credit: 20 });
    // The window is the most that credit can open.
    for (let i = 0; i < tunnelLimits.window; i++) got.push((await agent.next('data')).body);
    agent.reply('data', id, { credit: 8 });
    for (let i = 0; i < 4; i++) got.push((await agent.next('data')).body);
    expect((await agent.next('end')).header).toEqual({ seq: 20 });
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    agent.reply('response', id, { status: 204, headers: {} });
    expect((await answer).status).toBe(204);
  });

  it('grants credit as the answer is read', async () => {
    const answer = ask();
    const { id } = await agent.next('request');
    agent.reply('response', id, { status: 200, headers: {}, more: true });
    const half = tunnelLimits.window / 2;
    for (let seq = 0; seq < tunnelLimits.window; seq++) agent.reply('data', id, { seq }, Buffer.from([seq]));
    const { body } = await answer;
    const reading = read(body);
    expect((await agent.next('data')).header).toEqual({ credit: half });
    expect((await agent.next('data')).header).toEqual({ credit: half });
    agent.reply('end', id, { seq: tunnelLimits.window });
    expect([...(await reading)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('ends with the error that the agent sends', async () => {
    const answer = ask();
    const { id } = await agent.next('request');
    agent.reply('error', id, { code: 'emqx', message: 'EMQX is down' });
    await expect(answer).rejects.toMatchObject({ code: 'emqx', message: 'EMQX is down' });
  });

  it('tells the agent to stop when the caller has gone', async () => {
    const caller = new AbortController();
    const answer = ask({}, caller.signal);
    const { id } = await agent.next('request');
    caller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
    expect((await agent.next('cancel')).id).toBe(id);
  });

  it('tells the agent to stop when the answer is left in the middle', async () => {
    const answer = ask();
    const { id } = await agent.next('request');
    agent.reply('response', id, { status: 200, headers: {}, more: true });
    agent.reply('data', id, { seq: 0 }, Buffer.from('a'));
    for await (const _ of (await answer).body) break;
    expect((await agent.next('cancel')).id).toBe(id);
  });

  it('gives up after the deadline, and says so to both', async () => {
    const answer = ask({ deadlineMs: 1 });
    const { id, header } = await agent.next('request');
    expect(header.deadlineMs).toBe(1);
    await expect(answer).rejects.toMatchObject({ code: 'deadline' });
    expect((await agent.next('cancel')).id).toBe(id);
  });

  it('fails all that is under way when the connection is cut, body included', async () => {
    const first = ask();
    const second = ask();
    const { id } = await agent.next('request');
    await agent.next('request');
    agent.reply('response', id, { status: 200, headers: {}, more: true });
    const { body } = await first;
    agent.client.stream.destroy();
    await expect(second).rejects.toMatchObject({ code: 'cut' });
    await expect(read(body)).rejects.toMatchObject({ code: 'cut' });
    await expect(ask()).rejects.toMatchObject({ code: 'cut' });
  });

  it('takes the farewell of the agent as a cut', async () => {
    const answer = ask();
    await agent.next('request');
    agent.reply('error', connectionId, { code: 'cut', message: 'bye' });
    await expect(answer).rejects.toMatchObject({ code: 'cut' });
  });

  it('refuses more than one agent serves at once, and goes on when one is done', async () => {
    const all = Array.from({ length: tunnelLimits.atOnce }, () => ask());
    await expect(ask()).rejects.toMatchObject({ code: 'busy' });
    for (const answer of all) {
      const { id } = await agent.next('request');
      agent.reply('response', id, { status: 204, headers: {} });
      await answer;
    }
    const more = ask();
    const { id } = await agent.next('request');
    agent.reply('response', id, { status: 204, headers: {} });
    expect((await more).status).toBe(204);
  });

  it('ends the one exchange whose frame is not valid, and leaves the others', async () => {
    const bad = ask();
    const good = ask();
    const first = await agent.next('request');
    const second = await agent.next('request');
    const frame = Buffer.alloc(22);
    frame[0] = 1;
    frame[1] = 99;
    frame.write(first.id, 2, 'hex');
    agent.raw(frame);
    agent.raw(Buffer.alloc(0));
    agent.raw(Buffer.from('nothing like a frame'));
    await expect(bad).rejects.toMatchObject({ code: 'bad_frame' });
    agent.reply('response', second.id, { status: 200, headers: {} });
    expect((await good).status).toBe(200);
  });

  it.each([
    ['data before the response', 0],
    ['a hole in the data', 1],
  ])('does not accept %s', async (_, responses) => {
    const answer = ask();
    answer.catch(() => {});
    const { id } = await agent.next('request');
    if (responses) agent.reply('response', id, { status: 200, headers: {}, more: true });
    agent.reply('data', id, { seq: responses }, Buffer.from('x'));
    await expect(answer.then(({ body }) => read(body))).rejects.toMatchObject({ code: 'flow' });
    expect((await agent.next('cancel')).id).toBe(id);
  });

  it('refuses headers that HTTP does not allow before anything is sent', async () => {
    await expect(ask({ headers: { a: 'b\r\nc: d' } })).rejects.toMatchObject({ code: 'bad_frame' });
    expect(agent.frames).toEqual([]);
  });
});

describe('TLS', () => {
  beforeEach(async () => {
    line = await embedded();
    agent = await fakeAgent(line.url, 1);
  });
  const folder = mkdtempSync(join(tmpdir(), 'tunnel-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  let made = true;
  try {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', [...how, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  } catch {
    made = false;
    console.log('skipped: TLS of the broker is tested where there is an openssl command');
  }

  afterAll(() => rmSync(folder, { recursive: true }));

  it.skipIf(!made).each(['mqtts', 'wss', 'mqtt', 'ws'])('serves %s on the one port', async (scheme) => {
    const pem = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const secure = await startTunnel({
      host: '127.0.0.1',
      port: 0,
      tls: pem,
      admit: async () => 1,
      onTelemetry: () => {},
    });
    const own = await fakeAgent(`${scheme}://127.0.0.1:${secure.port}`, 1);
    const answer = secure.request(1, plain, new AbortController().signal);
    const { id } = await own.next('request');
    own.reply('response', id, { status: 200, headers: {} });
    expect((await answer).status).toBe(200);
    await own.client.endAsync();
    await secure.close();
  });
});
