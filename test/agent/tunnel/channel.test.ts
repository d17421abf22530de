import { request as httpRequest } from 'node:http';
import { expect, it } from 'vitest';
import { ecp } from '../ecp.ts';
import { emqx } from '../emqx/rig.ts';
import { TestAgent } from '../process.ts';
import { until } from './rig.ts';

/** A call with its path letter for letter; fetch would take dot segments out. */
function raw(url: string, path: string, token: string, body?: Buffer): Promise<{ status: number; body: Buffer }> {
  const { hostname, port } = new URL(url);
  const headers = { authorization: token, cookie: 'ecp=1' };
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    const call = httpRequest({ hostname, port, path, method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

it('EMQX is reached through ECP, broker and a real agent, and nothing else is', async () => {
  const server = await ecp();
  const held: (() => void)[] = [];
  const node = await emqx(
    {},
    {
      handle(request, response) {
        if (request.url === '/hang') return held.push(() => response.end()) > 0;
        if (request.url !== '/echo') return false;
        request.pipe(response);
        return true;
      },
    },
  );
  const cluster = await server.cluster();
  const agent = new TestAgent();
  expect((await agent.run(['start'])).code).toBe(0);
  const registered = await agent.run([
    ...['register', '--url', server.url, '--registration-token', cluster.token],
    ...['--emqx-dashboard-username', 'admin', '--emqx-dashboard-password', 'public'],
    ...['--emqx-dashboard-url', node.dashboardUrl, '--emqx-api-url', node.apiUrl],
  ]);
  expect(registered).toMatchObject({ code: 0 });
  await agent.until((one) => agent.part(one, 'tunnel')?.state === 'healthy');

  const base = `/api/emqxee/dashboard/${cluster.id}`;
  const { body: login } = await server.call('POST', '/api/account/login', {
    json: { username: 'admin', password: 'correct horse 1' },
  });
  const token = `Bearer ${login.accessToken}`;
  const get = (path: string, body?: Buffer) => raw(server.url, base + path, token, body);

  const nodes = await get('/api/v5/nodes');
  expect(nodes.status).toBe(200);
  expect(JSON.parse(nodes.body.toString())[0].node).toBe('emqx@127.0.0.1');
  expect((await get('/api/v5/nosuch')).status).toBe(404);
  expect((await get('/')).body.toString()).toContain('EMQX Dashboard');
  const large = Buffer.alloc(20_000_000, 'abc');
  expect((await get('/echo', large)).body.equals(large)).toBe(true);
  expect(JSON.stringify(node.requests)).not.toContain(login.accessToken);
  expect(JSON.stringify(node.requests)).not.toContain('ecp=1');

  const before = node.requests.length;
  for (const path of ['/..%2f..%2fetc', '/%252e%252e/x', '//evil.example/', '/api/v5/..;/x', '/%EF%BC%8E%EF%BC%8E/x']) {
    const { status, body } = await get(path);
    expect([path, status >= 400, body.toString().includes('Refused by the agent')]).toEqual([path, true, true]);
  }
  expect(node.requests.slice(before).filter(({ url }) => !url.startsWith('/api/v5/'))).toEqual([]);

  const asked = get('/hang');
  await until(() => held.length === 1);
  agent.kill();
  const cut = await asked;
  expect(cut.status).toBeGreaterThanOrEqual(500);
  expect(JSON.parse(cut.body.toString())).toMatchObject({ code: expect.any(Number), message: expect.any(String) });
  for (const release of held) release();
});
