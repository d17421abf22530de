import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Managed } from '../managed.ts';
import { addManaged } from '../managed.ts';
import type { Caller, TestServer } from '../support.ts';
import { adminPassword, basic, firstProject, testServer } from '../support.ts';

let server: TestServer;
let admin: Caller;
let project: string;
let one: Managed;
let two: Managed;

beforeAll(async () => {
  server = await testServer({ logQuota: 2 * 1024 * 1024 });
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
  one = await addManaged(server, admin, project);
  two = await addManaged(server, admin, project);
});

afterAll(() => server.stop());

const document = (message: unknown, more: object = {}) => ({
  '@timestamp': '2026-01-01T00:00:00.123456+08:00',
  message,
  ...more,
});
const lines = (...values: unknown[]) =>
  values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('');
const headersOf = ({ metadata }: Managed) => basic(metadata.elasticsearch.username, metadata.elasticsearch.password);

function send(to: Managed, body: string | Uint8Array, more: Record<string, string> = {}, path = '/_bulk') {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);
  return server.call('POST', path, {
    body: bytes,
    headers: { ...headersOf(to), 'content-type': 'application/x-ndjson', ...more },
  });
}

async function messages(clusterId: string, more = ''): Promise<string[]> {
  const [, , , orgId, , projectId] = project.split('/');
  const { body } = await admin(
    'GET',
    `/api/elastic/document/${orgId}/${projectId}/emqx?clusterId=${clusterId}&start=&end=&level=&msg=${more}`,
  );
  return body.data.map((record: { msg: string }) => record.msg);
}

describe('the intake answers as Elasticsearch does', () => {
  it('for each action by itself, in its order', async () => {
    const cluster = await addManaged(server, admin, project);
    const { status, body } = await send(
      cluster,
      lines(
        { create: { _index: 'emqx-logs', _id: 'a' } },
        document('first'),
        { create: { _id: 'b' } },
        document(42),
        { create: { _id: 'c' } },
        '{"not": json',
        { create: { _id: 'd' } },
        { message: 'no time' },
        { create: { _id: 'e' } },
        document('too late', { '@timestamp': '3000-01-01T00:00:00Z' }),
        { create: { _id: 'a' } },
        document('twice'),
        { index: {} },
        document('without an id'),
        { index: { _id: 'a' } },
        document('replaced'),
        { update: { _id: 'a' } },
        { doc: {} },
        { delete: { _id: 'a' } },
        '',
      ),
    );
    expect(status).toBe(200);
    expect(body.errors).toBe(true);
    const fates = body.items.map(
      (item: Record<string, { status: number; result?: string; error?: { type: string } }>) =>
        Object.entries(item)
          .map(([action, { status: code, result, error }]) => `${action} ${code} ${result ?? error?.type}`)
          .join(),
    );
    expect(fates).toEqual([
      'create 201 created',
      'create 400 document_parsing_exception',
      'create 400 document_parsing_exception',
      'create 400 document_parsing_exception',
      'create 400 document_parsing_exception',
      'create 409 version_conflict_engine_exception',
      'index 201 created',
      'index 200 updated',
      'update 400 illegal_argument_exception',
      'delete 400 illegal_argument_exception',
    ]);
    expect(await messages(cluster.id)).toEqual(['without an id', 'replaced']);
    expect(await messages(cluster.id, 'first')).toEqual([]);
  });

  it('for its greeting and for index templates', async () => {
    const greeting = await server.call('GET', '/', { headers: headersOf(one) });
    expect(greeting.headers.get('x-elastic-product')).toBe('Elasticsearch');
    expect(greeting.body.version.number).toMatch(/^8\./);
    expect((await server.call('HEAD', '/', { headers: headersOf(one) })).status).toBe(200);
    const put = {
      headers: { ...headersOf(one), 'content-type': 'application/json' },
      body: '{"index_patterns":["x"]}',
    };
    expect(await server.call('PUT', '/_index_template/emqx', put)).toMatchObject({
      status: 200,
      body: { acknowledged: true },
    });
  });

  it.each([
    ['an empty body', '', 400],
    ['no line feed at the end', '{"create":{}}\n{"message":"x"}', 400],
    ['a line that is no action', 'hello\n', 400],
    ['an action without an object', '{"create":1}\n', 400],
    ['an id that is no text', '{"create":{"_id":5}}\n{}\n', 400],
  ])('for %s', async (_, body, status) => {
    const answer = await send(one, body);
    expect(answer).toMatchObject({ status, body: { status, error: { type: 'illegal_argument_exception' } } });
  });

  it('for what is not gzip, or swells without measure', async () => {
    expect(await send(one, 'plain\n', { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 });
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, '\n'));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await send(one, bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 413 });
    expect(await send(one, 'x\n', { 'content-encoding': 'zstd' })).toMatchObject({ status: 415 });
  });

  it('for a body that is too large', async () => {
    expect(await send(one, new Uint8Array(33 * 1024 * 1024))).toMatchObject({ status: 413, body: { status: 413 } });
  });

  it('with 429 and a time to come back when a cluster sends more than its share', async () => {
    const cluster = await addManaged(server, admin, project);
    const long = lines({ create: {} }, document('y'.repeat(200_000))).repeat(15);
    expect((await send(cluster, gzipSync(long), { 'content-encoding': 'gzip' })).status).toBe(200);
    const { status, headers, body } = await send(cluster, lines({ create: {} }, document('more')));
    expect([status, body.error.type]).toEqual([429, 'es_rejected_execution_exception']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await send(one, lines({ create: {} }, document('others go on')))).status).toBe(200);
  });
});

describe("an agent's credentials", () => {
  it.each([
    ['none', undefined],
    ['a wrong password', (username: string) => basic(username, 'wrong')],
    ['those for MQTT', (username: string) => basic(username, one.metadata.mqtt.password)],
    ['a bearer token', () => ({ authorization: 'Bearer x' })],
  ])('are needed, not %s', async (_, make) => {
    const headers = make?.(one.metadata.elasticsearch.username) ?? {};
    for (const path of ['/_bulk', '/emqx-logs/_bulk', '/']) {
      const answer = await server.call(path === '/' ? 'GET' : 'POST', path, {
        headers,
        ...(path !== '/' && { body: 'x\n' }),
      });
      expect(answer).toMatchObject({ status: 401, body: { error: { type: 'security_exception' } } });
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic/);
    }
  });

  it('write into their own cluster, whatever a document says', async () => {
    const forged = document('forged', { 'labels.cluster_id': one.id, labels: { cluster_id: one.id } });
    expect((await send(two, lines({ create: { _index: 'emqx-logs', _id: 'shared' } }, forged))).body.errors).toBe(
      false,
    );
    expect(await messages(one.id, '&text=forged')).not.toContain('forged');
    // Nor does an id that another has used stand in the way.
    const own = await send(one, lines({ create: { _id: 'shared' } }, document('own')), {}, '/emqx-logs/_bulk');
    expect(own.body.items[0].create.status).toBe(201);
    expect(await messages(two.id)).toEqual(['forged']);
  });

  it('end with the registration', async () => {
    const cluster = await addManaged(server, admin, project);
    await cluster.agent('POST', '/api/clusters/agents/emqxee/unregister');
    expect((await send(cluster, lines({ create: {} }, document('x')))).status).toBe(401);
  });
});

describe('documents', () => {
  it('are read flat and nested, and with what libsql cannot hold', async () => {
    const cluster = await addManaged(server, admin, project);
    await send(
      cluster,
      lines(
        { create: {} },
        document('flat', { 'log.level': 'error', 'service.node.name': 'n1', 'event.dataset': 'emqx.audit' }),
        { create: {} },
        document('nested', { log: { level: 'WARN' }, service: { node: { name: 'n2' } } }),
        { create: {} },
        document('a\u0000b'),
        { create: {} },
        { '@timestamp': 1_767_225_600_000, message: 'number', 'log.level': 'strange' },
      ),
    );
    const [, , , orgId, , projectId] = project.split('/');
    const { body } = await admin(
      'GET',
      `/api/elastic/document/${orgId}/${projectId}/emqx?clusterId=${cluster.id}&start=&end=&level=&msg=&cursor=`,
    );
    const seen = body.data.map(({ cursor: _, id: __, clusterId: ___, ...rest }: Record<string, unknown>) => rest);
    const time = Date.parse('2025-12-31T16:00:00.123Z');
    expect(seen).toEqual([
      { time, level: 'error', msg: 'flat', category: 'emqx.audit', node: 'n1' },
      { time, level: 'warning', msg: 'nested', category: '', node: 'n2' },
      { time, level: 'info', msg: 'a\uFFFDb', category: '', node: '' },
      { time: 1_767_225_600_000, level: 'info', msg: 'number', category: '', node: '' },
    ]);
  });

  it('of many calls at once are all there, once', async () => {
    const cluster = await addManaged(server, admin, project);
    const calls = Array.from({ length: 20 }, (_, call) =>
      lines(
        ...Array.from({ length: 25 }, (_, at) => [
          { create: { _id: `id-${(call >> 1) * 25 + at}` } },
          document(`m ${at}`),
        ]).flat(),
      ),
    );
    const answers = await Promise.all(
      calls.map((body) => send(cluster, gzipSync(body), { 'content-encoding': 'gzip' })),
    );
    const codes = answers.flatMap(({ body }) =>
      body.items.map((item: { create: { status: number } }) => item.create.status),
    );
    expect(codes.filter((code: number) => code === 201)).toHaveLength(250);
    expect(codes.filter((code: number) => code === 409)).toHaveLength(250);
    const [, , , orgId, , projectId] = project.split('/');
    const { body } = await admin(
      'GET',
      `/api/elastic/document/${orgId}/${projectId}/emqx?clusterId=${cluster.id}&start=&end=&level=&msg=`,
    );
    expect(body.total).toBe(250);
  });
});
