import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Caller, TestServer } from './support.ts';
import { adminPassword, caller, firstProject, testServer } from './support.ts';

const begin = Date.now();
let ahead = 0;
const clock: Clock = { ...systemClock, now: () => begin + ahead };
let server: TestServer;
let admin: Caller;
beforeAll(async () => {
  server = await testServer({ clock });
  admin = await server.as('admin', adminPassword);
});
afterAll(() => server.stop());

const login = (username: string, password: string) =>
  server.call('POST', '/api/account/login', { json: { username, password } });
const refresh = (refreshToken: string) => server.call('POST', '/api/account/token/refresh', { json: { refreshToken } });

async function makeUser(name: string, email = '', password = `password of ${name}`) {
  const { status, body } = await admin('POST', '/api/users', { json: { name, email, admin: false, password } });
  expect(status).toBe(200);
  return body.id as string;
}

describe('tokens', () => {
  test('expire, each in its time', async () => {
    await makeUser('expiring');
    const { body } = await login('expiring', 'password of expiring');
    const mine = caller(server.url, body.accessToken);
    ahead += body.expiresIn * 1000 - 1000;
    expect((await mine('GET', '/api/account/profile')).status).toBe(200);
    ahead += 2000;
    expect((await mine('GET', '/api/account/profile')).status).toBe(401);
    expect((await refresh(body.refreshToken)).status).toBe(200);
    ahead += body.refreshExpiresIn * 1000;
    expect((await refresh(body.refreshToken)).status).toBe(401);
    admin = await server.as('admin', adminPassword);
  });

  test('are refreshed again within a minute, for an answer that was lost; later that ends the session', async () => {
    await makeUser('refreshing');
    const { body: first } = await login('refreshing', 'password of refreshing');
    const { body: second } = await refresh(first.refreshToken);
    const { body: third } = await refresh(first.refreshToken);
    for (const { accessToken } of [first, second, third]) {
      expect((await caller(server.url, accessToken)('GET', '/api/account/profile')).status).toBe(200);
    }
    ahead += 61_000;
    expect((await refresh(first.refreshToken)).status).toBe(401);
    // Whoever has the copy is out, and so is everybody else of that session.
    expect((await refresh(third.refreshToken)).status).toBe(401);
    expect((await caller(server.url, third.accessToken)('GET', '/api/account/profile')).status).toBe(401);
  });

  test('of one kind are not taken for the other', async () => {
    await makeUser('mixing');
    const { body } = await login('mixing', 'password of mixing');
    expect((await refresh(body.accessToken)).status).toBe(401);
    expect((await caller(server.url, body.refreshToken)('GET', '/api/account/profile')).status).toBe(401);
  });
});

describe('passwords', () => {
  test('are changed by their owner: other sessions end, this one stays', async () => {
    await makeUser('changing');
    const [here, there] = [
      await login('changing', 'password of changing'),
      await login('changing', 'password of changing'),
    ];
    const [mine, other] = [here, there].map(({ body }) => caller(server.url, body.accessToken)) as [Caller, Caller];
    const change = (originPassword: string, newPassword: string) =>
      mine('POST', '/api/account/password', { json: { originPassword, newPassword } });
    expect((await change('wrong one', 'a new password')).status).toBe(400);
    expect((await change('password of changing', 'short')).status).toBe(400);
    expect((await change('password of changing', 'a new password')).status).toBe(204);
    expect((await mine('GET', '/api/account/profile')).status).toBe(200);
    expect((await other('GET', '/api/account/profile')).status).toBe(401);
    expect((await login('changing', 'password of changing')).status).toBe(401);
    expect((await login('changing', 'a new password')).status).toBe(200);
  });

  test('are reset by an administrator: all sessions end', async () => {
    const id = await makeUser('forgetful');
    const { body } = await login('forgetful', 'password of forgetful');
    const json = { password: 'from the administrator' };
    expect((await admin('POST', `/api/users/${id}/password/reset`, { json })).status).toBe(204);
    expect((await caller(server.url, body.accessToken)('GET', '/api/account/profile')).status).toBe(401);
    expect((await login('forgetful', json.password)).status).toBe(200);
  });

  test('are guessed slower and slower, the right one too, while others get in', async () => {
    await makeUser('guessed');
    await makeUser('neighbour');
    const tried: number[] = [];
    for (let turn = 0; turn < 6; turn++) tried.push((await login('guessed', `guess ${turn}`)).status);
    expect(tried).toEqual([401, 401, 401, 401, 401, 429]);
    const closed = await login('guessed', 'password of guessed');
    expect(closed.status).toBe(429);
    expect(Number(closed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await login('neighbour', 'password of neighbour')).status).toBe(200);
    ahead += 301_000;
    expect((await login('guessed', 'password of guessed')).status).toBe(200);
  });
});

describe('users', () => {
  test('log in by name or email, in any case', async () => {
    await makeUser('李雷', 'Lei@example.com');
    for (const name of ['李雷', 'lei@EXAMPLE.com']) expect((await login(name, 'password of 李雷')).status).toBe(200);
  });

  test('have names and emails of their own', async () => {
    await makeUser('unique', 'unique@example.com');
    const again = (name: string, email: string) =>
      admin('POST', '/api/users', { json: { name, email, admin: false, password: 'long enough' } });
    expect(await again('UNIQUE', '')).toMatchObject({ status: 409, body: { message: /the name UNIQUE is taken/ } });
    expect(await again('other', 'Unique@Example.com')).toMatchObject({ status: 409, body: { message: /the email/ } });
    expect(await again('-x', '')).toMatchObject({ status: 400 });
    expect(await again('y', 'no address')).toMatchObject({ status: 400 });
  });

  test('who are disabled are out at once, and come back when enabled', async () => {
    const id = await makeUser('leaving');
    const { body } = await login('leaving', 'password of leaving');
    expect((await admin('POST', `/api/users/${id}/enabled`, { json: { enabled: false } })).status).toBe(200);
    expect((await caller(server.url, body.accessToken)('GET', '/api/account/profile')).status).toBe(401);
    expect((await refresh(body.refreshToken)).status).toBe(401);
    expect((await login('leaving', 'password of leaving')).status).toBe(401);
    await admin('POST', `/api/users/${id}/enabled`, { json: { enabled: true } });
    expect((await login('leaving', 'password of leaving')).status).toBe(200);
  });

  test('the last administrator stays one', async () => {
    const { userId } = (await admin('GET', '/api/account/profile')).body;
    const demoted = { json: { name: 'admin', email: '', admin: false } };
    expect((await admin('PUT', `/api/users/${userId}`, demoted)).status).toBe(409);
    expect((await admin('DELETE', `/api/users/${userId}`)).status).toBe(409);
    expect((await admin('POST', `/api/users/${userId}/enabled`, { json: { enabled: false } })).status).toBe(409);
  });

  test('are found by part of name or email, and a page at a time', async () => {
    await makeUser('finder 1', 'f1@example.com');
    await makeUser('Finder 2');
    const { body } = await admin('GET', '/api/users?nameOrEmail=FINDER&size=1&offset=1');
    expect(body).toMatchObject({ total: 2, data: [{ name: 'Finder 2', verified: true, enabled: true }] });
    expect((await admin('GET', '/api/users?admin=true')).body.data).toMatchObject([{ name: 'admin' }]);
  });

  test('are let into organizations, and see what they were given', async () => {
    const id = await makeUser('joining');
    const project = await firstProject(admin);
    const [orgId, projectId] = [project.split('/')[3], project.split('/')[5]];
    expect((await admin('POST', `/api/users/${id}/add-to-orgs`, { json: { orgIds: [orgId] } })).body).toEqual({
      orgIds: [orgId],
    });
    const mine = await server.as('joining', 'password of joining');
    expect((await mine('GET', '/api/orgs/names')).body.data).toMatchObject([{ id: orgId, projectCount: 0 }]);
    expect((await mine('GET', project)).status).toBe(404);
    await admin('PUT', project, { json: { name: 'default', members: [{ userId: id, roleIds: [3, 4] }] } });
    expect((await mine('GET', '/api/account/roles')).body).toEqual({
      roles: [],
      orgs: [{ id: orgId, roles: ['user'], projects: [{ id: projectId, roles: ['project-admin'] }] }],
    });
    const wrongRole = { json: { name: 'default', members: [{ userId: id, roleIds: [1] }] } };
    expect(await admin('PUT', project, wrongRole)).toMatchObject({ status: 400, body: { message: /system-admin/ } });
  });
});

describe('the audit log', () => {
  test('has who, what, where, before and after, and no secret', async () => {
    const id = await makeUser('audited', 'old@example.com');
    await admin('PUT', `/api/users/${id}`, { json: { name: 'audited', email: 'new@example.com', admin: false } });
    await admin('POST', `/api/users/${id}/password/reset`, { json: { password: 'very secret password' } });
    const { body } = await admin('GET', '/api/audit/operations?since=&until=&offset=0&size=100');
    const mine = body.data.filter((entry: { userName: string }) => entry.userName === 'audited');
    expect(mine.map((entry: { operation: number }) => entry.operation)).toEqual([6, 2, 1]);
    expect(mine[1]).toMatchObject({ operatorName: 'admin', resource: 2 });
    expect(JSON.parse(mine[1].metadata)).toMatchObject({
      before: { email: 'old@example.com' },
      after: { email: 'new@example.com' },
      address: '127.0.0.1',
    });
    expect(JSON.stringify(body)).not.toContain('very secret password');
  });

  test('is asked by time, kind and operator', async () => {
    const count = async (words: string) => (await admin('GET', `/api/audit/operations?offset=0&${words}`)).body.total;
    const now = Math.floor(clock.now() / 1000);
    expect(await count(`since=${now - 60}&until=${now + 60}&operation=4`)).toBeGreaterThan(0);
    expect(await count(`since=${now + 60}&until=`)).toBe(0);
    expect(await count('since=&until=&operatorName=nobody')).toBe(0);
    expect(await count('since=&until=&resource=99')).toBe(0);
  });
});

describe('organizations and projects', () => {
  test('are named once, renamed, and deleted when empty', async () => {
    const org = await admin('POST', '/api/orgs', { json: { name: ' Nord ', members: [] } });
    expect(org.body.name).toBe('Nord');
    expect((await admin('POST', '/api/orgs', { json: { name: 'NORD', members: [] } })).status).toBe(409);
    const path = `/api/orgs/${org.body.id}`;
    const project = await admin('POST', `${path}/projects`, { json: { name: 'p', members: [] } });
    expect((await admin('POST', `${path}/projects`, { json: { name: 'P', members: [] } })).status).toBe(409);
    expect(await admin('DELETE', path)).toMatchObject({ status: 409, body: { message: /still has the project p/ } });
    const place = `${path}/projects/${project.body.id}`;
    await admin('POST', `${place}/clusters/add-existing-cluster`, { form: { name: 'inside' } });
    expect(await admin('DELETE', place)).toMatchObject({
      status: 409,
      body: { message: /still has the cluster inside/ },
    });
    const { list } = (await admin('GET', `${place}/deployments`)).body.data;
    await admin('DELETE', `${place}/deployments/${list[0].id}`, { json: { name: 'inside' } });
    await expect.poll(async () => (await admin('DELETE', place)).status).toBe(204);
    expect((await admin('DELETE', path)).status).toBe(204);
    expect((await admin('GET', path)).status).toBe(404);
  });

  test('are a hundred at most', async () => {
    const { body } = await admin('POST', '/api/orgs', { json: { name: 'full', members: [] } });
    const create = (n: number) =>
      admin('POST', `/api/orgs/${body.id}/projects`, { json: { name: `p${n}`, members: [] } });
    for (let n = 0; n < 100; n++) expect((await create(n)).status).toBe(200);
    expect(await create(100)).toMatchObject({ status: 409, body: { message: /100 projects in one organization/ } });
    const page = await admin('GET', `/api/orgs/${body.id}/projects?name=P9&size=5&offset=5`);
    expect(page.body).toMatchObject({ total: 11, data: expect.any(Array) });
    expect(page.body.data).toHaveLength(5);
  });
});
