import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLocation, checkPath, requestHeaders, responseHeaders } from '../../../agent/tunnel/guard.ts';
import { TunnelError } from '../../../src/contract/frames.ts';
import { wholeLine } from './rig.ts';

const allowed = [
  '/',
  '/index.html',
  '/static/js/app.0a1b.js',
  '/api/v5/nodes',
  '/api/v5/nodes/emqx@127.0.0.1/stats',
  '/api/v5/nodes/emqx%40127.0.0.1',
  '/api/v5/clients?username=a%26b&_page=1&like=..%2F..',
  '/api/v5/clients?path=/../../etc/passwd',
  '/api/v5/mqtt/retainer/message/a%2Fb%2Fc',
  '/api/v5/mqtt/retainer/message/100%25',
  '/api/v5/mqtt/retainer/message/%E6%B8%A9%E5%BA%A6',
  '/api/v5/connectors/http:good_http',
  '/api/v5/rules/r..1',
  '/api/v5/rules/...',
  '/api/v4/rules/rule%3Aa3d2d892',
];

const hostile = [
  '',
  'api/v5/nodes',
  'http://evil.example/',
  'HTTP://evil.example/',
  '//evil.example/api',
  '/\\evil.example/',
  '\\\\evil.example\\',
  '/%2fevil.example/',
  '/%5cevil.example/',
  '@evil.example/',
  '*',
  '/..',
  '/../',
  '/../../etc/passwd',
  '/api/../../secret',
  '/api/v5/nodes/..',
  '/api/v5/./nodes',
  '/api/v5/nodes/%2e%2e/%2e%2e',
  '/api/v5/nodes/%2E%2e/x',
  '/api/v5/nodes/.%2e/x',
  '/api/v5/nodes/%2e./x',
  '/api/v5/nodes/%252e%252e/x',
  '/api/v5/nodes/%25252e%25252e/x',
  '/api/v5/nodes/%2525252525252e%2525252525252e/x',
  '/api/v5/..%2f..%2fsecret',
  '/api/v5/..%5c..%5csecret',
  '/api/v5/..%252fsecret',
  '/api/v5/x%2f..%2f..%2fy',
  '/api/v5/..;/secret',
  '/api/v5/..;a=b/secret',
  '/api/v5/%2e%2e%3b/secret',
  '/api/v5/%20../x',
  '/api/v5/..%20/x',
  '/api/v5/%c0%ae%c0%ae/x',
  '/api/v5/%e0%80%ae%e0%80%ae/x',
  '/api/v5/%c0%af../x',
  '/api/v5/%uff0e%uff0e/x',
  '/api/v5/%25uff0e%25uff0e/x',
  '/api/v5/%EF%BC%8E%EF%BC%8E/x',
  '/api/v5/%E2%80%A5/x',
  '/api/v5/%EF%BC%8F..%EF%BC%8Fx',
  '/api/v5/．．/x',
  '/api/v5/nodes%00.json',
  '/api/v5/nodes%0d%0aHost:%20evil',
  '/api/v5/nodes%250d%250aHost:%20evil',
  '/api/v5/nodes\r\nHost: evil',
  '/api/v5/nodes HTTP/1.1',
  '/api/v5/nodes\t',
  '/api/v5/nodes#/../..',
  '/api/v5/温度',
  '/api/v5/%',
  '/api/v5/%zz%41',
  '/api/v5/%ff',
];

const refusal = (path: string): string | undefined => {
  try {
    checkPath(path);
    return undefined;
  } catch (error) {
    if (error instanceof TunnelError) return error.code;
    throw error;
  }
};

describe('a path through the tunnel', () => {
  it.each(allowed)('%j is allowed', (path) => expect(refusal(path)).toBeUndefined());
  it.each(hostile)('%j is refused', (path) => expect(refusal(path)).toBe('refused'));

  const pieces = fc.constantFrom(
    ...['/', '/', '\\', '.', '..', '%2e', '%2E', '%252e', '%25', '%2f', '%5c', '%255c', ';', '?', '#', '@', ':', ' '],
    ...['%00', '%0a', '%c0%ae', '%EF%BC%8E', '%E2%80%A5', '．', 'api', 'v5', 'nodes', 'a', '%41', '//evil', 'http:'],
  );
  const paths = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.string({ maxLength: 40 }).map((text) => `/${text}`),
  );

  it('that is allowed stays below the address for every parser that decodes it as often as it likes', () => {
    let allowedPaths = 0;
    fc.assert(
      fc.property(paths, (path) => {
        if (refusal(path) !== undefined) return;
        allowedPaths += 1;
        const base = 'http://emqx:18083/below';
        let text = path.split('?')[0] ?? '';
        for (let round = 0; round < 6; round++) {
          const url = new URL(base + text.replace(/[?#]/g, '_'));
          expect(url.origin).toBe('http://emqx:18083');
          expect(url.pathname.startsWith('/below/')).toBe(true);
          expect(url.pathname.split('/').some((part) => part === '..' || part === '.')).toBe(false);
          // A parser that takes out dot segments finds none to take out.
          expect(url.pathname.split('/').length).toBe(`/below${text.replaceAll('\\', '/')}`.split('/').length);
          try {
            text = decodeURIComponent(text);
          } catch {
            break;
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(allowedPaths).toBeGreaterThan(50);
  });

  it('reaches EMQX letter for letter, or not at all', async () => {
    const { requester, node } = await wholeLine();
    const before = node.requests.length;
    for (const path of hostile) {
      // An empty path is no frame at all.
      if (path === '') continue;
      await expect(requester.ask({ path })).rejects.toMatchObject({ code: 'refused' });
    }
    expect(node.requests.length).toBe(before);
    for (const path of allowed) await requester.ask({ path });
    expect(node.requests.slice(before).map(({ url }) => url)).toEqual(allowed);
  });
});

const ours =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|expect|authorization|cookie|x-forwarded-.*)$/i;

describe('headers through the tunnel', () => {
  it('leave out everything between neighbours and everything that is ECP’s own', () => {
    const names = fc.oneof(
      fc.constantFrom('Connection', 'Keep-Alive', 'TE', 'Upgrade', 'Host', 'Authorization', 'AUTHORIZATION', 'Cookie'),
      fc.constantFrom('X-Forwarded-For', 'X-ECP-Token', 'X-Api-Key', 'X-Secret', 'Proxy-Authorization', 'Accept'),
      fc.stringMatching(/^[A-Za-z-]{1,12}$/).filter((name) => name !== '__proto__'),
    );
    const headers = fc.dictionary(names, fc.constantFrom('close', 'x-hop, Accept', 'Bearer ecp-secret', 'v'), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(headers, (given) => {
        const request = requestHeaders({ method: 'GET', path: '/', deadlineMs: 1, headers: given });
        const left = Object.keys(request);
        expect(left.filter((name) => ours.test(name) || /secret|token|api-key/.test(name))).toEqual([]);
        const named = Object.entries(given).find(([name]) => name.toLowerCase() === 'connection')?.[1] ?? '';
        for (const hop of named.toLowerCase().split(/\s*,\s*/)) expect(left).not.toContain(hop);
        for (const name of left) expect(name).toBe(name.toLowerCase());
      }),
    );
  });

  it('arrive at EMQX as they are, with the credentials of the agent and no others', async () => {
    const { requester, node } = await wholeLine();
    await requester.ask({
      headers: {
        Authorization: 'Bearer ecp-secret',
        Cookie: 'ecp-session=1',
        'X-Ecp-Token': 'ecp-secret',
        'X-Forwarded-For': '10.1.2.3',
        'Proxy-Authorization': 'Basic ecp-secret',
        Connection: 'close, X-Hop',
        'X-Hop': '1',
        TE: 'trailers',
        'Transfer-Encoding': 'chunked',
        'Content-Length': '5',
        Host: 'evil.example',
        Expect: '100-continue',
        Upgrade: 'websocket',
        Accept: 'application/json',
        'If-None-Match': '"abc"',
      },
    });
    const { host, authorization, connection, ...rest } = node.requests.at(-1)?.headers ?? {};
    expect(`http://${host}`).toBe(node.dashboardUrl);
    expect(authorization).toMatch(/^Bearer /);
    expect(connection).toBe('keep-alive');
    expect(rest).toEqual({ accept: 'application/json', 'if-none-match': '"abc"' });
    expect(JSON.stringify(node.requests)).not.toContain('ecp-');
  });

  it('of an answer lose cookies, and what concerns neighbours alone', async () => {
    const given = { 'Set-Cookie': 'a=b', 'Keep-Alive': 'timeout=5', Connection: 'X-Hop', 'x-hop': '1', ETag: '"x"' };
    expect(responseHeaders(given)).toEqual({ etag: '"x"' });
    const { requester } = await wholeLine({}, (request, response) => {
      if (request.url !== '/cookies') return false;
      response.setHeader('set-cookie', ['a=b', 'c=d']).setHeader('vary', ['accept', 'origin']).end('ok');
      return true;
    });
    const reply = await requester.ask({ path: '/cookies' });
    expect(reply.headers).toMatchObject({ vary: 'accept, origin', 'content-length': '2' });
    expect(reply.headers).not.toHaveProperty('set-cookie');
    expect(reply.headers).not.toHaveProperty('connection');
  });
});

describe('a redirect', () => {
  const base = 'http://10.0.0.1:18083/emqx';
  const answer = (location: string, status = 302) => ({ status, headers: { location, server: 'Cowboy' } });

  it.each([
    ['/emqx/dashboard', '/dashboard'],
    ['http://10.0.0.1:18083/emqx/dashboard?a=b#c', '/dashboard?a=b#c'],
    ['other', '/api/other'],
    ['../login', '/login'],
    ['/emqx', '/'],
  ])('to %j inside becomes the path %j', (location, path) => {
    expect(checkLocation(answer(location), '/api/nodes', base).headers.location).toBe(path);
  });

  it.each([
    'http://evil.example/',
    '//evil.example/',
    'https://10.0.0.1:18083/emqx/',
    'http://10.0.0.1/emqx/',
    'http://10.0.0.1:18083/other',
    '/emqxevil',
    '../../../etc',
    'javascript:alert(1)',
    'http://[',
  ])('to %j outside is refused, and taken off an answer that is no redirect', (location) => {
    expect(() => checkLocation(answer(location), '/api/nodes', base)).toThrow(
      'EMQX answered with a redirect to another address',
    );
    expect(checkLocation(answer(location, 201), '/api/nodes', base)).toEqual({
      status: 201,
      headers: { server: 'Cowboy' },
    });
  });

  it('is never followed', async () => {
    const { requester, node } = await wholeLine({}, (request, response) => {
      if (!request.url?.startsWith('/r/')) return false;
      response.writeHead(302, { location: request.url === '/r/in' ? '/index.html' : 'http://127.0.0.1:1/' }).end();
      return true;
    });
    const before = node.requests.length;
    const inside = await requester.ask({ path: '/r/in' });
    expect([inside.status, inside.headers.location]).toEqual([302, '/index.html']);
    await expect(requester.ask({ path: '/r/out' })).rejects.toMatchObject({ code: 'refused' });
    expect(node.requests.length).toBe(before + 2);
  });
});
