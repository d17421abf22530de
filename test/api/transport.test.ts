import { Type } from '@sinclair/typebox';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TokenStore, Tokens } from '../../src/api/tokens.ts';
import { storedTokens } from '../../src/api/tokens.ts';
import type { TransportOptions } from '../../src/api/transport.ts';
import { createTransport, fixedToken } from '../../src/api/transport.ts';
import { endpoint } from '../../src/contract/endpoint.ts';
import { Failure } from '../../src/core/errors.ts';
import { json, localServer } from './local-server.ts';

const read = endpoint({
  method: 'GET',
  path: '/api/things/{clusterId}',
  caller: 'user',
  params: Type.Object({ clusterId: Type.String() }),
  query: Type.Object({ start: Type.String(), level: Type.String(), size: Type.Optional(Type.Integer()) }),
  answer: Type.Object({ name: Type.String(), tags: Type.Array(Type.String()) }),
});
const write = endpoint({
  method: 'POST',
  path: '/api/write',
  caller: 'user',
  body: Type.Object({ a: Type.Integer() }),
  answer: Type.Object({ ok: Type.Boolean() }),
});
const rewrite = endpoint({ ...write, repeatable: true });
const form = endpoint({
  method: 'POST',
  path: '/api/form',
  caller: 'anyone',
  body: Type.Object({ name: Type.String(), absent: Type.Optional(Type.String()) }),
  bodyKind: 'urlencoded',
});
const upload = endpoint({
  method: 'POST',
  path: '/api/upload',
  caller: 'anyone',
  body: Type.Any(),
  bodyKind: 'multipart',
});

const thing = { name: 'x', tags: [] };
const place = { params: { clusterId: 'c1' } };

/** The clock stands still for the retries, so that no test waits. */
const quick = { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} };

function transport(baseUrl: string, options: Partial<TransportOptions> = {}) {
  const made = createTransport({ baseUrl, clock: quick, env: {}, ...options });
  onTestFinished(() => made.close());
  return made;
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Failure)) throw new Error(`no Failure but ${thrown}`);
  return thrown;
}

describe('what is sent', () => {
  test('required query parameters are always there, empty where unused', async () => {
    const server = await localServer((_, response) => json(response, 200, thing));
    await transport(server.url).call(read, { params: { clusterId: 'a/b c' }, query: { size: 3 } });
    expect(server.seen[0]?.url).toBe('/api/things/a%2Fb%20c?start=&level=&size=3');
  });

  test.each(['', '/', '/api', '/api/'])('base URL spelled with "%s"', async (ending) => {
    const server = await localServer((_, response) => json(response, 200, thing));
    await transport(server.url + ending).call(read, place);
    expect(server.seen[0]?.url).toMatch(/^\/api\/things\/c1\?/);
  });

  test('forms are forms', async () => {
    const server = await localServer((_, response) => response.writeHead(204).end());
    const ecp = transport(server.url);
    await ecp.call(form, { body: { name: '车间 & co' } });
    await ecp.call(upload, { body: { file: 'LICENSE' } });
    expect(server.seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({ name: '车间 & co' });
    expect(server.seen[1]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(server.seen[1]?.body).toMatch(/name="file"; filename="file"[\s\S]*LICENSE/);
  });

  test.each(['ftp://x', 'nonsense', 'https://me:pw@host'])('"%s" is no address', (url) => {
    expect(() => createTransport({ baseUrl: url })).toThrowError(expect.objectContaining({ code: 'invalid_value' }));
  });
});

describe('answers', () => {
  test('null in the place of a list is the empty list', async () => {
    const server = await localServer((_, response) => json(response, 200, { name: 'x', tags: null }));
    expect(await transport(server.url).call(read, place)).toEqual(thing);
  });

  test.each([
    [401, 'not_logged_in'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'conflict'],
    [400, 'refused'],
    [422, 'refused'],
    [429, 'throttled'],
    [500, 'server_failed'],
    [502, 'unavailable'],
    [503, 'unavailable'],
  ])('%i is %s', async (status, code) => {
    const server = await localServer((_, response) =>
      json(response, status, { code: 7, message: 'because' }, { 'x-request-id': 'r-1' }),
    );
    const error = await failure(transport(server.url).call(read, place));
    expect(error).toMatchObject({ code, status, requestId: 'r-1' });
  });

  test('a 200 that carries an error is a failure, also where no body was expected', async () => {
    const server = await localServer((_, response) => json(response, 200, { code: 10043, message: 'no match field' }));
    const ecp = transport(server.url);
    expect((await failure(ecp.call(write, { body: { a: 1 } }))).message).toBe('refused: no match field');
    expect(await failure(ecp.call(form, { body: { name: 'x' } }))).toMatchObject({ code: 'refused' });
  });

  test.each([
    ['<html>login</html>', 'not JSON'],
    ['', 'the body is empty'],
    ['{"name":1,"tags":[]}', '/name'],
    ['[]', 'Expected object'],
  ])('%s is not what ECP sends', async (body, reason) => {
    const server = await localServer((_, response) => response.end(body));
    const error = await failure(transport(server.url).call(read, place));
    expect(error.code).toBe('invalid_answer');
    expect(error.message).toContain(reason);
  });

  test('a redirect is not followed', async () => {
    const server = await localServer((_, response) => response.writeHead(302, { location: 'https://other/' }).end());
    const error = await failure(transport(server.url).call(read, place));
    expect(error.message).toContain('https://other/');
    expect(server.seen).toHaveLength(1);
  });

  test('a 404 says what was looked for, or that the server has no such place', async () => {
    const server = await localServer((_, response, count) =>
      count === 1 ? json(response, 404, { code: 1, message: 'gone' }) : response.writeHead(404).end('<html>'),
    );
    const ecp = transport(server.url);
    expect((await failure(ecp.call(read, place))).message).toBe('cluster "c1" not found');
    expect((await failure(ecp.call(read, place))).message).toBe('address "/api/things/c1" not found');
  });
});

describe('when it is sent again', () => {
  test('reads and repeatable writes after 502, 503 and a broken connection', async () => {
    const server = await localServer((_, response, count) => {
      if (count === 1) response.writeHead(502).end();
      else if (count === 2) response.destroy();
      else json(response, 200, { ok: true, ...thing });
    });
    expect(await transport(server.url).call(rewrite, { body: { a: 1 } })).toMatchObject({ ok: true });
    expect(server.seen).toHaveLength(3);
  });

  test('other writes only where the server surely did nothing', async () => {
    const server = await localServer((_, response, count) => {
      if (count === 1) response.writeHead(429).end();
      else if (count === 2) response.writeHead(503, { 'retry-after': '0' }).end();
      else response.destroy();
    });
    const error = await failure(transport(server.url).call(write, { body: { a: 1 } }));
    expect(error.code).toBe('unreachable');
    expect(server.seen).toHaveLength(3);
  });

  test('a plain 503 does not repeat such a write', async () => {
    const server = await localServer((_, response) => response.writeHead(503).end());
    expect(await failure(transport(server.url).call(write, { body: { a: 1 } }))).toMatchObject({ code: 'unavailable' });
    expect(server.seen).toHaveLength(1);
  });

  test('never sooner than Retry-After, and not at all where that outlasts the call', async () => {
    const waits: number[] = [];
    const clock = { ...quick, sleep: async (ms: number) => void waits.push(ms) };
    const server = await localServer((_, response, count) =>
      count === 1 ? response.writeHead(429, { 'retry-after': '2' }).end() : json(response, 200, thing),
    );
    await transport(server.url, { clock }).call(read, place);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(2000);

    const stern = await localServer((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    const error = await failure(transport(stern.url, { clock }).call(read, place));
    expect(error.nextStep('en')).toBe('Try again in 3600 s');
    expect(stern.seen).toHaveLength(1);
  });

  test('a server that is down', async () => {
    const server = await localServer(() => {});
    await server.close();
    const error = await failure(transport(server.url).call(write, { body: { a: 1 } }));
    expect(error.message).toBe(`cannot reach ${server.url}: connection refused`);
    expect(error.exit).toBe(6);
  });

  test('a host that does not exist', async () => {
    const error = await failure(transport('http://nowhere.invalid').call(read, place));
    expect(error.code).toBe('unreachable');
  });

  test('no answer in time, and a caller that gives up', async () => {
    const server = await localServer(() => {});
    expect(await failure(transport(server.url, { requestTimeoutMs: 80 }).call(read, place))).toMatchObject({
      code: 'request_timeout',
    });
    const abort = new AbortController();
    const call = transport(server.url).call(read, place, abort.signal);
    setTimeout(() => abort.abort(new Failure('interrupted')), 50);
    expect(await failure(call)).toMatchObject({ code: 'interrupted' });
  });
});

/** A store as the file is: one for all, with turns. */
function memoryStore(first: Tokens): TokenStore & { tokens: Tokens | undefined } {
  let turn: Promise<unknown> = Promise.resolve();
  const store = {
    tokens: first as Tokens | undefined,
    read: async () => store.tokens,
    write: async (tokens: Tokens) => {
      store.tokens = tokens;
    },
    exclusively: <T>(work: () => Promise<T>): Promise<T> => {
      const mine = turn.then(work);
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
  return store;
}

describe('tokens', () => {
  const guarded = (valid: () => string) =>
    localServer((request, response) => {
      if (request.headers.authorization === `Bearer ${valid()}`) json(response, 200, thing);
      else json(response, 401, { code: 1, message: 'no' });
    });

  test('many refused calls renew once', async () => {
    const server = await guarded(() => 'new');
    const store = memoryStore({ accessToken: 'old', refreshToken: 'r1' });
    let renewals = 0;
    const tokens = storedTokens(store, async () => {
      renewals++;
      return { accessToken: 'new' };
    });
    const ecp = transport(server.url, { tokens });
    await Promise.all(Array.from({ length: 8 }, () => ecp.call(read, place)));
    expect(renewals).toBe(1);
    expect(store.tokens).toEqual({ accessToken: 'new', refreshToken: 'r1' });
  });

  test('what another process renewed is taken, not renewed again', async () => {
    const server = await guarded(() => 'new');
    const store = memoryStore({ accessToken: 'old', refreshToken: 'r1' });
    const refresh = async (): Promise<Tokens> => ({ accessToken: 'new', refreshToken: 'r2' });
    let late = 0;
    const one = transport(server.url, { tokens: storedTokens(store, refresh) });
    const other = transport(server.url, {
      tokens: storedTokens(store, async () => {
        late++;
        return refresh();
      }),
    });
    await Promise.all([one.call(read, place), other.call(read, place)]);
    await other.call(read, place);
    expect(late).toBe(0);
  });

  test('a refresh token that is no longer taken ends the session', async () => {
    const server = await guarded(() => 'new');
    const tokens = storedTokens(memoryStore({ accessToken: 'old', refreshToken: 'r1' }), async () => undefined);
    expect(await failure(transport(server.url, { tokens }).call(read, place))).toMatchObject({
      code: 'session_expired',
    });
  });

  test('a call for anyone carries no token', async () => {
    const server = await localServer((_, response) => response.writeHead(204).end());
    await transport(server.url, { tokens: fixedToken('secret') }).call(form, { body: { name: 'x' } });
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('trace', () => {
  test('shows the calls and no secret', async () => {
    const lines: string[] = [];
    const server = await localServer((_, response) => json(response, 200, { ok: true, accessToken: 'tok-secret' }));
    const ecp = transport(server.url, { tokens: fixedToken('bearer-secret'), trace: (line) => lines.push(line) });
    const body = { a: 1, password: 'pw-secret' };
    await ecp.call(write, { body });
    expect(lines[0]).toBe(`> POST ${server.url}/api/write {"a":1,"password":"******"}`);
    expect(lines[1]).toMatch(/^< 200 \d+ms \{"ok":true,"accessToken":"\*{6}"\}$/);
    expect(lines.join('\n')).not.toContain('secret');
  });
});

describe('raw', () => {
  test('hands through any status and streams the body', async () => {
    const server = await localServer((request, response) =>
      response.writeHead(418, { 'x-kind': 'pot' }).end(`${request.method} ${request.body}`),
    );
    const ecp = transport(server.url, { tokens: fixedToken('t') });
    const answer = await ecp.raw({ method: 'PATCH', path: '/api/any?x=1', body: 'hello' });
    let text = '';
    for await (const chunk of answer.body) text += chunk;
    expect([answer.status, answer.headers['x-kind'], text]).toEqual([418, 'pot', 'PATCH hello']);
    expect(server.seen[0]).toMatchObject({ url: '/api/any?x=1', headers: { authorization: 'Bearer t' } });
  });
});
