import { request } from 'node:http';
import { Kind, type TSchema, Type } from '@sinclair/typebox';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import type { Caller, TestServer } from './support.ts';
import { adminPassword, firstProject, testServer } from './support.ts';

const secret = 'secret-of-another-tenant';

let server: TestServer;
let token: string;
let agentToken: string;
let places: Record<string, string>;

beforeAll(async () => {
  server = await testServer({ simulatedMs: 0 });
  const admin = await server.as('admin', adminPassword);
  const mine = await firstProject(admin);
  await makeSecrets(admin);
  const user = { name: 'eve', email: '', admin: false, password: 'password of eve' };
  const { body } = await admin('POST', '/api/users', { json: user });
  const members = [{ userId: body.id, roleIds: [2] }];
  await admin('PUT', mine.split('/projects')[0] ?? '', { json: { name: 'default', members } });
  const login = await server.call('POST', '/api/account/login', { json: { username: 'eve', password: user.password } });
  token = login.body.accessToken;
  const agent = await newAgent(admin, mine, 'mine');
  agentToken = agent.token;
  places = {
    orgId: mine.split('/')[3] ?? '',
    projectId: mine.split('/')[5] ?? '',
    clusterId: agent.clusterId,
    agentId: '1',
  };
});
afterAll(() => server.stop());

async function newAgent(admin: Caller, project: string, name: string): Promise<{ clusterId: string; token: string }> {
  const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name } });
  const { registrationToken } = (await admin('GET', `${project}/deployments/${body.id}`)).body.data;
  const registered = await server.call('POST', '/api/clusters/agents/emqxee/register', {
    json: { nodeId: `agent-of-${name}`, registrationToken },
  });
  return { clusterId: body.id, token: registered.body.token };
}

async function makeSecrets(admin: Caller): Promise<void> {
  const org = await admin('POST', '/api/orgs', { json: { name: `${secret} org`, members: [] } });
  const project = await admin('POST', `/api/orgs/${org.body.id}/projects`, { json: { name: secret, members: [] } });
  const path = `/api/orgs/${org.body.id}/projects/${project.body.id}`;
  await admin('POST', `${path}/clusters/add-existing-cluster`, { form: { name: secret } });
  await admin('POST', `${path}/deployments`, { form: { deployName: secret, desc: secret } });
}

/** What people and programs send who mean no good, or know no better. */
const nasty = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'a\0b',
    "' OR 1=1 --",
    "'; DROP TABLE users; --",
    '" OR ""="',
    '../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%',
    '%%',
    '_',
    '*',
    '-1',
    '0',
    '1e999',
    '9007199254740993',
    '99999999999999999999999',
    'NaN',
    'null',
    'true',
    '__proto__',
    'constructor',
    '{{7*7}}',
    '<script>',
    '\ud800',
    '\u202e',
    'İ',
    '字'.repeat(300),
    'x'.repeat(20_000),
    secret,
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const anything = fc.oneof(
  nasty,
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, [], {}, [[]], [null], { a: { b: {} } }),
  fc.array(nasty, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('__proto__', 'constructor', 'name', 'x'), nasty, { maxKeys: 3 }),
);

/** Values of the schema's kind, so that the wrong ones get past the door now and then. */
function fitting(schema: TSchema): fc.Arbitrary<unknown> {
  switch (schema[Kind]) {
    case 'Integer':
    case 'Number':
      return fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 1e6, 1e6) });
    case 'Boolean':
      return fc.boolean();
    case 'Array':
      return fc.array(fitting(schema.items), { maxLength: 3 });
    case 'Object':
      return objectOf(schema);
    case 'Literal':
      return fc.constant(schema.const);
    case 'Union':
      return fc.oneof(...schema.anyOf.map((one: TSchema) => fitting(one)));
    case 'Record':
      return fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), nasty, { maxKeys: 3 });
    default:
      return fc.oneof(nasty, fc.constantFrom('default', 'small', '2030-01-01T00:00:00Z', '{}'));
  }
}

function objectOf(schema: TSchema): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries((schema.properties ?? {}) as Record<string, TSchema>);
  const model = fields.map(([name, field]) => [
    name,
    fc.oneof({ arbitrary: fitting(field), weight: 4 }, { arbitrary: anything, weight: 1 }),
  ]);
  return fc.record(Object.fromEntries(model), { requiredKeys: [] });
}

interface Attack {
  readonly params: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly raw: boolean;
  /** Name places that are there. */
  readonly known: boolean;
  readonly contentType: string;
}

function attacks(endpoint: Endpoint): fc.Arbitrary<Attack> {
  const { params = Type.Object({}), query = Type.Object({}), body = Type.Object({}) } = endpoint;
  return fc.record({
    params: objectOf(params),
    query: objectOf(query),
    body: fc.oneof({ arbitrary: fitting(body), weight: 3 }, { arbitrary: anything, weight: 1 }),
    raw: fc.oneof({ arbitrary: fc.constant(false), weight: 5 }, { arbitrary: fc.constant(true), weight: 1 }),
    known: fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, { arbitrary: fc.constant(false), weight: 1 }),
    contentType: fc.oneof(
      { arbitrary: fc.constant(usualType(endpoint)), weight: 6 },
      {
        arbitrary: fc.constantFrom(
          'application/json',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'multipart/form-data',
          'text/plain',
          'application/json; charset=utf-7',
          ';;;',
        ),
        weight: 1,
      },
    ),
  });
}

function usualType({ bodyKind = 'json' }: Endpoint): string {
  if (bodyKind === 'json') return 'application/json';
  return bodyKind === 'urlencoded' ? 'application/x-www-form-urlencoded' : 'multipart/form-data; boundary=x';
}

function urlOf(endpoint: Endpoint, { params, query, known }: Attack): string {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    // Mostly a place that is there: behind the door there is more to break.
    const value = places[name] !== undefined && known ? places[name] : (params[name] ?? 'x');
    return encode(value) || 'x';
  });
  const words = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return words.length > 0 ? `${path}?${words.join('&')}` : path;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function encode(value: unknown): string {
  // Through bytes, because a lone surrogate cannot be encoded.
  return encodeURIComponent(Buffer.from(textOf(value)).toString())
    .slice(0, 6000)
    .replace(/%.?$/, '');
}

function bodyOf({ body, raw, contentType }: Attack): string | undefined {
  if (raw) return typeof body === 'string' ? body : '{"broken": ';
  if (contentType.startsWith('application/x-www-form-urlencoded') && typeof body === 'object' && body !== null) {
    return Object.entries(body)
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .join('&');
  }
  if (contentType.startsWith('multipart') && typeof body === 'object' && body !== null) {
    const parts = Object.entries(body).map(
      ([name, value]) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${textOf(value)}\r\n`,
    );
    return `${parts.join('')}--x--\r\n`;
  }
  return JSON.stringify(body);
}

interface Got {
  readonly status: number;
  readonly text: string;
}

/** Node's own client, because `fetch` mends what is sent. */
function send(
  method: string,
  path: string,
  body: string | Buffer | undefined,
  headers: Record<string, string>,
): Promise<Got> {
  const { hostname, port } = new URL(server.url);
  // By hand, because Node leaves it out for some methods.
  const length: Record<string, string> =
    body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function judge({ status, text }: Got, what: string): void {
  expect(status, `${what}\n${text}`).toBeLessThan(500);
  expect(text, what).not.toContain(secret);
  expect(text, what).not.toMatch(/\bat [\w.<>]+ \(|node_modules|\.ts:\d|SQLITE|sqlite|UNIQUE constraint/);
  if (status < 400) return;
  expect(text, `${what}: ${status} without a body`).not.toBe('');
  const { code, message } = JSON.parse(text);
  expect(Number.isInteger(code) && code !== 0, what).toBe(true);
  expect(typeof message, what).toBe('string');
}

test('nothing that is sent to any call breaks it or tells of another tenant', async () => {
  // Secrets of the attacker's own making come back as errors that quote them: only others' count.
  const routes = server.routes.filter(({ endpoint }) => endpoint.path !== '/api/account/logout');
  const runs = Number(process.env.HOSTILE_RUNS ?? 8);
  for (const { endpoint } of routes) {
    const bearer = endpoint.caller === 'agent' ? agentToken : token;
    const leavesAgent = endpoint.path.endsWith('/unregister') || endpoint.path.includes('{agentId}');
    if (leavesAgent) continue;
    await fc.assert(
      fc.asyncProperty(attacks(endpoint), async (attack) => {
        const body = endpoint.body ? bodyOf(attack) : undefined;
        const path = urlOf(endpoint, attack);
        const quotes = `${path}${body ?? ''}`.includes(secret);
        const got = await send(endpoint.method, path, body, {
          authorization: `Bearer ${bearer}`,
          ...(body !== undefined && { 'content-type': attack.contentType }),
        });
        const text = quotes ? got.text.replaceAll(secret, '') : got.text;
        judge({ ...got, text }, `${endpoint.method} ${path} ${attack.contentType} ${body}`);
      }),
      { numRuns: runs },
    );
  }
});

test.each([
  ['a path of bad bytes', 'GET', '/api/orgs/%ff%fe/projects', undefined, {}],
  ['a path that is cut', 'GET', '/api/orgs/%', undefined, {}],
  ['a NUL in the path', 'GET', '/api/orgs/abcdefgh%00/projects/abcdefgh', undefined, {}],
  ['a climb in the path', 'GET', '/api/x/agents/..%2f..%2fstate.db', undefined, {}],
  ['a header that is no token', 'GET', '/api/orgs/names', undefined, { authorization: 'Bearer \u00ff' }],
  ['two million bytes of JSON', 'POST', '/api/account/login', `{"username":"${'x'.repeat(2_000_000)}"}`, {}],
  ['JSON a hundred thousand deep', 'POST', '/api/account/login', '['.repeat(100_000) + ']'.repeat(100_000), {}],
  [
    'a prototype in JSON',
    'POST',
    '/api/account/login',
    '{"__proto__":{"admin":true},"username":"x","password":"x"}',
    {},
  ],
  ['bytes that are no UTF-8', 'POST', '/api/account/login', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), {}],
  ['a login as a list', 'POST', '/api/account/login', '[]', {}],
  ['a bulk body of garbage', 'POST', '/_bulk', Buffer.from([0x1f, 0x8b, 0, 0, 0]), { 'content-encoding': 'gzip' }],
  ['a method that nobody serves', 'PATCH', '/api/orgs', '{}', {}],
])('%s', async (_, method, path, body, headers) => {
  const got = await send(method, path, body, {
    'content-type': 'application/json',
    ...(headers as Record<string, string>),
  });
  expect(got.status).toBeGreaterThanOrEqual(400);
  expect(got.status).toBeLessThan(500);
  expect(got.text).not.toMatch(/\bat [\w.<>]+ \(|node_modules|\.ts:\d/);
});

test('a bulk body that swells is stopped, a torn one told', async () => {
  const { gzipSync } = await import('node:zlib');
  // An agent of its own: the attack may have renamed the other's cluster and deleted it by that name.
  const admin = await server.as('admin', adminPassword);
  const fresh = await newAgent(admin, await firstProject(admin), 'bulk');
  const metadata = await send('GET', '/api/clusters/agents/emqxee/metadata', undefined, {
    authorization: `Bearer ${fresh.token}`,
  });
  const { username, password } = JSON.parse(metadata.text).elasticsearch;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
  const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 0x20));
  expect((await send('POST', '/_bulk', bomb, headers)).status).toBe(413);
  const torn = gzipSync('{"create":{"_index":"i"}}\n{"message":1}\n');
  const { status, text } = await send('POST', '/_bulk', torn, headers);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ errors: true, items: [{ create: { status: 400 } }] });
});

test('after all this the server is whole', async () => {
  expect((await server.call('GET', '/api/version')).status).toBe(200);
  await server.as('admin', adminPassword);
  expect(server.lines.filter((line) => line.startsWith('error'))).toEqual([]);
});
