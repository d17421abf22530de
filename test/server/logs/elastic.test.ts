import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { logMappings } from '../../../src/contract/log-document.ts';
import type { EngineTarget } from '../../../src/server/logs/elastic/client.ts';
import { wildcardOf } from '../../../src/server/logs/elastic/text.ts';
import type { Certificate } from '../../stand-ins/certificates.ts';
import { createAuthority } from '../../stand-ins/certificates.ts';
import { addManaged } from '../managed.ts';
import type { TestServer } from '../support.ts';
import { adminPassword, basic, firstProject, testServer } from '../support.ts';

/** A stand-in for a search engine that answers what a test wants; what real ones do is tested in test/engines. */
interface StandIn {
  readonly url: string;
  readonly calls: { readonly method: string; readonly path: string; readonly authorization: string | undefined }[];
  answer: (method: string, path: string) => { status: number; body?: object } | undefined;
  close(): Promise<void>;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const index = {
  'emqx-logs': {
    settings: { index: { uuid: 'u1', number_of_shards: '1' } },
    mappings: logMappings({ substrings: true }),
  },
};
const nothing = { hits: { total: { value: 0 }, hits: [] } };

async function standIn(port = 0, tls?: Certificate): Promise<StandIn> {
  const calls: StandIn['calls'] = [];
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '' } = request;
    calls.push({ method, path, authorization: request.headers.authorization });
    request.resume().on('end', () => {
      const { status, body } = engine.answer(method, path) ?? {
        status: 200,
        body: path.includes('_search') ? nothing : method === 'GET' ? index : {},
      };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const engine: StandIn = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer: () => undefined,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  closers.push(() => engine.close());
  return engine;
}

const account = { username: 'server', password: 'server secret' };
const targetOf = (url: string, more: Partial<EngineTarget> = {}): EngineTarget => ({
  url,
  index: 'emqx-logs',
  account,
  agentAccount: { username: 'agents', password: 'agents secret' },
  ca: undefined,
  ...more,
});

async function started(target: EngineTarget, more: Parameters<typeof testServer>[0] = {}) {
  const server = await testServer({ elasticsearch: target, ...more });
  closers.push(() => server.stop());
  const admin = await server.as('admin', adminPassword);
  const project = await firstProject(admin);
  const [, , , orgId, , projectId] = project.split('/');
  const ask = (more = '') =>
    admin('GET', `/api/elastic/document/${orgId}/${projectId}/emqx?start=&end=&level=&msg=${more}`);
  return { server, admin, project, ask };
}

const metric = async ({ call }: TestServer) =>
  /^ecp_log_store_up (\d)$/m.exec(
    (await call('GET', '/metrics', { headers: basic('admin', adminPassword) })).body,
  )?.[1];

describe('a server with a search engine', () => {
  it('sends agents there with the account that is theirs, and takes no logs itself', async () => {
    const engine = await standIn();
    const { server, admin, project } = await started(targetOf(engine.url));
    const { metadata } = await addManaged(server, admin, project);
    expect(metadata.elasticsearch).toEqual({
      urls: [engine.url],
      username: 'agents',
      password: 'agents secret',
      indexName: 'emqx-logs',
    });
    expect(
      (await server.call('POST', '/_bulk', { body: '\n', headers: basic('agents', 'agents secret') })).status,
    ).toBe(404);
    const [authorization] = new Set(engine.calls.map((call) => call.authorization));
    expect(authorization).toBe(basic('server', 'server secret').authorization);
    expect(engine.calls[0]).toMatchObject({ method: 'GET', path: '/emqx-logs' });
  });

  it('starts while the engine is out of reach, says so once, and goes on when it is there', async () => {
    const first = await standIn();
    const { port } = new URL(first.url);
    await first.close();
    const { server, admin, project, ask } = await started(targetOf(first.url));
    await addManaged(server, admin, project);
    for (let round = 0; round < 3; round++) {
      expect(await ask()).toMatchObject({
        status: 503,
        body: {
          code: 10_503,
          message: `the log cannot be had here: ${first.url} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
        },
      });
    }
    expect(await metric(server)).toBe('0');
    const told = () => server.lines.filter((line) => line.includes(first.url) && !line.startsWith('error request'));
    expect(told()).toEqual([`warning logs: ${first.url} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`]);
    await standIn(Number(port));
    expect(await ask()).toMatchObject({ status: 200, body: { total: 0, data: [] } });
    expect(await metric(server)).toBe('1');
    expect(told().at(-1)).toBe(`info logs: ${first.url} answers again`);
  });

  it('trusts the CA that it is given, and no other', async () => {
    const authority = createAuthority('logs CA');
    const engine = await standIn(0, authority.issue('engine'));
    const wary = await started(targetOf(engine.url));
    await addManaged(wary.server, wary.admin, wary.project);
    expect(await wary.ask()).toMatchObject({ status: 503, body: { message: expect.stringMatching(/certificate/) } });
    expect(engine.calls).toEqual([]);
    const trusting = await started(targetOf(engine.url, { ca: authority.cert }));
    await addManaged(trusting.server, trusting.admin, trusting.project);
    expect((await trusting.ask()).status).toBe(200);
  });

  it.each([
    ['refuses the account', 401, {}, /cannot use http.*: .* refuses the server's account \(401\)/],
    [
      'has an index of more than one shard',
      200,
      { a: { settings: { index: { uuid: 'u', number_of_shards: '3' } } } },
      /it has 3 shards/,
    ],
    ['has several indexes of that name', 200, { a: {}, b: {} }, /a name for several/],
    ['is no search engine', 200, {}, /a name for several/],
  ])('does not start with one that %s', async (_, status, body, words) => {
    const engine = await standIn();
    engine.answer = (method) => (method === 'GET' ? { status, body } : undefined);
    const failure = await testServer({ elasticsearch: targetOf(engine.url) }).then(
      (server) => server.stop(),
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'unusable_path', exit: 78, message: expect.stringMatching(words) });
    expect(String(failure)).not.toContain('secret');
  });

  it.each([
    [
      'overloaded',
      429,
      { error: { type: 'es_rejected_execution_exception', reason: 'queue is full' } },
      503,
      /answers 429: queue is full/,
    ],
    ['broken', 500, { error: { type: 'x' } }, 503, /answers 500: x/],
    ['refusing', 403, {}, 503, /refuses the server's account \(403\)/],
    ['without an index', 404, { error: { type: 'index_not_found_exception' } }, 200, undefined],
    ['at its wits’ end', 200, { timed_out: true, ...nothing }, 409, /searched for 10 s/],
  ])('answers for an engine that is %s', async (_, status, body, expected, words) => {
    const engine = await standIn();
    const { server, admin, project, ask } = await started(targetOf(engine.url));
    await addManaged(server, admin, project);
    engine.answer = (_method, path) => (path.includes('_search') ? { status, body } : undefined);
    const answer = await ask();
    expect(answer.status).toBe(expected);
    if (words) expect(answer.body.message).toMatch(words);
  });

  it('shows nothing of another cluster, even if the engine does', async () => {
    const engine = await standIn();
    const { server, admin, project, ask } = await started(targetOf(engine.url));
    await addManaged(server, admin, project);
    const source = { '@timestamp': '2026-01-01T00:00:00Z', message: 'theirs', 'labels.cluster_id': 'another' };
    const hits = [{ _seq_no: 1, sort: [1, 1], _source: source }];
    engine.answer = (_, path) =>
      path.includes('_search') ? { status: 200, body: { hits: { total: { value: 1 }, hits } } } : undefined;
    const answer = await ask();
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain('theirs');
  });

  it('is let go of by a server that ends in the middle of a search', async () => {
    const engine = await standIn();
    const { server, admin, project, ask } = await started(targetOf(engine.url));
    await addManaged(server, admin, project);
    const searched = new Promise<void>((resolve) => {
      engine.answer = (_, path) => {
        if (path.includes('_search')) resolve();
        return undefined;
      };
    });
    const asked = ask();
    await searched;
    await server.stop();
    expect([200, 503]).toContain((await asked.catch(() => ({ status: 503 }))).status);
  });
});

describe('a text as a pattern', () => {
  it.each([
    ['not_authorized', '*not_authorized*', true],
    ['连接 c1', '*连接 c1*', true],
    ['100%_', '*100%_*', true],
    ['😀', '*😀*', true],
    ['a*b?c\\d', '*a*b*c*d*', false],
    ['ÜBER', '*BER*', false],
    ['Übergröße', '*bergr*e*', false],
    ['é', '*', false],
  ])('%s: %s', (text, pattern, exact) => {
    expect(wildcardOf(text)).toEqual({ pattern, exact });
  });
});
