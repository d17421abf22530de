import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlatformLog } from '../../../src/server/logs/platform.ts';
import { addManaged } from '../managed.ts';
import type { Caller, TestServer } from '../support.ts';
import { adminPassword, firstProject, testServer } from '../support.ts';

let server: TestServer;
let admin: Caller;

beforeAll(async () => {
  server = await testServer();
  admin = await server.as('admin', adminPassword);
});
afterAll(() => server.stop());

describe("the platform's own log", () => {
  it('keeps the last thousand lines, without secrets, and passes all on', () => {
    const passed: string[] = [];
    let now = 0;
    const { log, lines } = new PlatformLog(
      (_level, message) => passed.push(message),
      () => ++now,
    );
    for (let at = 0; at < 1500; at++) log('info', `line ${at}`);
    log('error', 'broker said password=hunter2222');
    expect(passed).toHaveLength(1501);
    expect(lines).toHaveLength(1000);
    expect(lines[0]).toMatchObject({ message: 'line 501', time: 502 });
    expect(lines.at(-1)).toMatchObject({ level: 'error', message: 'broker said password=******' });
  });

  it('is asked for by level, text and page', async () => {
    const ask = async (query: string) => (await admin('GET', `/api/elastic/docs/antares?${query}`)).body;
    expect(await ask('start=&end=&level=&msg=&size=5')).toMatchObject({ offset: 0, size: 5, data: expect.any(Array) });
    expect(await ask('start=&end=&level=error&msg=no such text')).toMatchObject({ total: 0, data: [] });
    expect((await admin('GET', '/api/elastic/docs/antares?start=&end=&level=loud&msg=')).status).toBe(400);
  });
});

it('names the clusters of each project, and nothing of another kind', async () => {
  const project = await firstProject(admin);
  const [, orgId = '', projectId = ''] = /orgs\/([^/]+)\/projects\/([^/]+)/.exec(project) ?? [];
  const cluster = await addManaged(server, admin, project);
  const { body } = await admin('GET', '/api/elastic/docs/name-id-map?serviceType=1');
  expect(body.data[orgId][0][projectId]).toContainEqual({ [cluster.id]: cluster.name });
  expect((await admin('GET', '/api/elastic/docs/name-id-map?serviceType=')).body.data).toEqual(body.data);
  expect((await admin('GET', '/api/elastic/docs/name-id-map?serviceType=2')).body.data).toEqual({});
});

describe('a search engine that is tried', () => {
  const attempt = (url: string, password = 'right') =>
    admin('POST', '/api/elastic/testing', { json: { url, username: 'logs', password } });

  it('is taken with the right account alone, and the account goes nowhere else', async () => {
    const engine = createServer((request, response) => {
      if (request.url === '/moved') return response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
      const right = request.headers.authorization === `Basic ${Buffer.from('logs:right').toString('base64')}`;
      return response.writeHead(right ? 200 : 401).end('{}');
    });
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    expect((await attempt(url)).status).toBe(204);
    expect((await attempt(url, 'wrong')).body.message).toContain('answered 401');
    expect((await attempt(`${url}/moved`)).body.message).toContain('answered 302');
    await new Promise((resolve) => engine.close(resolve));
    expect((await attempt(url)).body.message).toContain('cannot be reached');
  });

  it.each(['ftp://h', 'http://u:p@h', 'nonsense'])('%s is no address', async (url) => {
    expect((await attempt(url)).status).toBe(400);
  });
});
