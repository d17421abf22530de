import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { json, localServer } from '../api/local-server.ts';
import type { Ecp } from './ecp.ts';
import { runEcpctl, startEcp } from './ecp.ts';

let ecp: Ecp;
beforeAll(async () => {
  ecp = await startEcp();
  await ecp.json(['register', 'line-7']);
});
afterAll(() => ecp.stop());

describe('api', () => {
  test('reads, in the project in use, and hands the body through as it is', async () => {
    const { code, stdout } = await ecp.run(['api', '/api/version']);
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ xPlatform: 'kubernetes' })]);
    const listed = await ecp.run(['api', 'orgs/{orgId}/projects/{projectId}/deployments?limit=-1']);
    expect(JSON.parse(listed.stdout)).toMatchObject({ data: { total: 1 } });
    expect((await ecp.run(['api', '/api/version', '-i'])).stdout).toMatch(
      /^HTTP 200\n[\s\S]*content-type: application\/json/,
    );
  });

  test('writes JSON, a form, a file and stdin', async () => {
    const quota = '{"total_cpu_quota":8,"total_memory_quota":16}';
    expect((await ecp.run(['api', '/api/configuration/emqx-total-quota', '-d', quota])).code).toBe(0);
    const path = join(ecp.directory, 'quota.json');
    writeFileSync(path, quota.replace('8', '9'));
    expect((await ecp.run(['api', '/api/configuration/emqx-total-quota', '-d', `@${path}`])).code).toBe(0);
    expect(JSON.parse((await ecp.run(['api', '/api/configuration/emqx-total-quota'])).stdout)).toMatchObject({
      total_cpu_quota: 9,
    });
    const stdin = quota.replace('8', '10');
    expect((await ecp.run(['api', '/api/configuration/emqx-total-quota', '-d', '@-'], { stdin })).code).toBe(0);
    const form = ['api', '/api/orgs/{orgId}/projects/{projectId}/clusters/add-existing-cluster', '-F', 'name=by form'];
    expect(JSON.parse((await ecp.run(form)).stdout)).toMatchObject({ name: 'by form' });
  });

  test('a failure has its body on stdout and its exit code', async () => {
    const { code, stdout, stderr } = await ecp.run(['api', '/api/orgs/unknown-org/projects/names']);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ message: expect.any(String) });
    expect(stderr).toContain('not found');
    expect((await ecp.run(['api', '/api/version', '-d', '@/nowhere'])).code).toBe(78);
    expect((await ecp.run(['api', '/api/version', '-d', 'x', '-F', 'a=b'])).code).toBe(2);
    expect((await ecp.run(['api', '/api/version', '-H', 'nonsense'])).code).toBe(2);
  });

  test('a dry run prints the request or a curl command, without its secrets, and sends nothing', async () => {
    const quota = '/api/configuration/emqx-total-quota';
    const before = (await ecp.run(['api', quota])).stdout;
    const body = '{"total_cpu_quota":99,"password":"p4ss","id":12345678901234567890}';
    const path = join(ecp.directory, 'dry.json');
    writeFileSync(path, body);
    const plain = await ecp.run(['api', quota, '-d', body, '-H', 'X-Api-Key: k3y', '--dry-run']);
    expect(plain.stdout).toContain(
      `POST ${ecp.server.url}${quota}\ncontent-type: application/json\nx-api-key: ******\n`,
    );
    expect(plain.stdout).toMatch(/"total_cpu_quota": 99,\n {2}"password": "\*{6}"/);
    expect((await ecp.run(['api', quota, '-d', `@${path}`, '--dry-run=curl'])).stdout).toContain(
      `--request POST --header "Authorization: Bearer $ECP_TOKEN" --header 'content-type: application/json' --data-binary @${path}`,
    );
    const inline = await ecp.run(['api', quota, '-d', body, '-H', 'X-Api-Key: k3y', '--dry-run=curl']);
    expect(inline.stdout).toContain(`--header "x-api-key: $X_API_KEY" --data-raw '${body}'`);
    const form = await ecp.json(['api', quota, '-F', 'name=x', '-F', 'password=p4ss', '--dry-run']);
    expect(form).toMatchObject({ method: 'POST', body: { name: 'x', password: '******' } });
    expect((await ecp.run(['api', quota, '-d', 'password=p4ss', '--dry-run'])).stdout).toContain('password=******');
    expect((await ecp.run(['api', quota, '-X', 'HEAD', '--dry-run=curl'])).stdout).toContain(' --head ');
    expect((await ecp.run(['api', quota])).stdout).toBe(before);
  });
});

describe('in a protected context', () => {
  let name: string;
  beforeAll(async () => {
    name = (await ecp.json<{ name: string }>(['context', 'show'])).name;
    await ecp.json(['context', 'protect', name]);
  });
  afterAll(() => ecp.json(['context', 'protect', name, '--off']));

  const quota = '/api/configuration/emqx-total-quota';
  const value = (cpu: number) => `{"total_cpu_quota":${cpu},"total_memory_quota":16}`;
  const cpu = async () => JSON.parse((await ecp.run(['api', quota])).stdout).total_cpu_quota as number;

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'api -X %s stopped a cluster unasked: it wants the name of the context',
    async (method) => {
      const path = `/api/orgs/{orgId}/projects/{projectId}/clusters/add-existing-cluster`;
      for (const consent of [[], ['--yes'], ['--confirm', 'line-7']]) {
        const { code, stdout, stderr } = await ecp.run(['api', '-X', method, path, '-F', 'name=unasked', ...consent]);
        expect([code, stdout], consent.join(' ')).toEqual([2, '']);
        expect(stderr).toContain(consent[0] === '--confirm' ? `"line-7" is not "${name}"` : `--confirm ${name}`);
      }
      expect((await ecp.json<{ name: string }[]>(['list'])).map((one) => one.name)).not.toContain('unasked');
    },
  );

  test('the name of the context lets a write through api pass, and reads and dry runs pass without', async () => {
    expect((await ecp.run(['api', quota, '-d', value(21), '--dry-run'])).code).toBe(0);
    expect(await cpu()).not.toBe(21);
    expect((await ecp.run(['api', quota, '-d', value(21), '--confirm', name])).code).toBe(0);
    expect(await cpu()).toBe(21);
    const asked = ecp.begin(['api', quota, '-d', value(22), '--yes'], { terminal: 100 });
    await asked.until('to confirm', asked.stderr);
    asked.type(`${name}\r`);
    expect((await asked.ended).code).toBe(0);
    expect(await cpu()).toBe(22);
    expect((await ecp.run(['api', '/api/version', '-X', 'HEAD'])).code).not.toBe(2);
  });

  test('a write through emqx wants the name of the cluster', async () => {
    const write = ['emqx', 'line-7', '/api/v5/banned', '-d', '{"who":"x"}'];
    for (const consent of [[], ['--yes'], ['--confirm', name]]) {
      const { code, stdout, stderr } = await ecp.run([...write, ...consent]);
      expect([code, stdout], consent.join(' ')).toEqual([2, '']);
      expect(stderr).toContain('line-7');
    }
    // No agent has joined: what is confirmed and what reads come as far as that.
    for (const sent of [
      [...write, '--confirm', 'line-7'],
      ['emqx', 'line-7', '/api/v5/banned'],
    ]) {
      expect((await ecp.run(sent)).code, sent.join(' ')).toBe(6);
    }
    expect((await ecp.run([...write, '--dry-run'])).stdout).toMatch(/^POST http.*\/dashboard\/.*\/api\/v5\/banned\n/);
  });
});

describe("EMQX's own API", () => {
  /** The embedded server with a channel in front, whose EMQX answers what the test says. */
  async function withChannel(answer: (path: string) => { status: number; body: unknown }) {
    const server = await localServer(async ({ method, url, headers, body }, response) => {
      const [, path] = /^\/api\/emqxee\/dashboard\/[^/]+(\/.*)$/.exec(url) ?? [];
      if (path !== undefined) {
        const { status, body: said } = answer(`${method} ${path} ${body}`.trim());
        return json(response, status, said);
      }
      const passed = await fetch(ecp.server.url + url, {
        method,
        headers: {
          authorization: headers.authorization ?? '',
          'content-type': headers['content-type'] ?? 'application/json',
        },
        ...(body !== '' && { body }),
      });
      response.writeHead(passed.status, { 'content-type': 'application/json' }).end(await passed.text());
    });
    const { body } = await ecp.server.call('POST', '/api/account/login', {
      json: { username: 'admin', password: 'correct horse 1' },
    });
    const env = { ECP_URL: server.url, ECP_TOKEN: body.accessToken };
    return (...args: string[]) => runEcpctl(args, join(ecp.directory, 'none'), { env });
  }

  test('the nodes of v5, and those of v4', async () => {
    const v5 = { node: 'emqx@10.0.0.1', node_status: 'running', version: '5.8.6', uptime: 3_600_000, connections: 7 };
    const run = await withChannel(() => ({ status: 200, body: [v5] }));
    expect((await run('node', 'list', 'line-7')).stdout).toMatch(/emqx@10\.0\.0\.1 +running +5\.8\.6 +1h +7/);
    const v4 = { node: 'emqx@10.0.0.1', node_status: 'Running', version: '4.4.19', uptime: '1 hours', connections: 3 };
    const older = await withChannel(() => ({ status: 200, body: { code: 0, data: [v4] } }));
    expect(JSON.parse((await older('node', 'list', 'line-7', '-o', 'json')).stdout)).toEqual([
      { node: 'emqx@10.0.0.1', status: 'Running', version: '4.4.19', uptime: '1 hours', connections: 3 },
    ]);
    const strange = await withChannel(() => ({ status: 200, body: 'hello' }));
    expect((await strange('node', 'list', 'line-7')).code).toBe(1);
  });

  test('any call goes through with its body, and comes back with its status', async () => {
    const run = await withChannel((asked) => ({ status: asked.startsWith('DELETE') ? 404 : 200, body: { asked } }));
    expect(JSON.parse((await run('emqx', 'line-7', '/api/v5/banned', '-d', '{"who":"x"}')).stdout)).toEqual({
      asked: 'POST /api/v5/banned {"who":"x"}',
    });
    const missing = await run('emqx', 'line-7', 'api/v5/banned/clientid/x', '-X', 'DELETE');
    expect([missing.code, JSON.parse(missing.stdout)]).toEqual([4, { asked: 'DELETE /api/v5/banned/clientid/x' }]);
  });

  test.each([
    [401, { code: 'BAD_TOKEN', message: 'expired' }, 3, 'EMQX answered 401: expired (BAD_TOKEN)'],
    [403, { code: 'API_KEY_NOT_ALLOW', message: 'no' }, 3, 'EMQX answered 403: no (API_KEY_NOT_ALLOW)'],
    [404, { code: 'NOT_FOUND', message: 'Client id' }, 4, 'address of EMQX "/api/v5/x" not found'],
    [400, { code: 102, message: 'bad_param' }, 5, 'EMQX answered 400: bad_param'],
    [500, { code: 'INTERNAL_ERROR', message: 'badrpc' }, 1, 'EMQX answered 500: badrpc (INTERNAL_ERROR)'],
    // ECP's own, which have numbers from ten thousand on.
    [401, { code: 10_401, message: 'no session' }, 3, 'the session has ended'],
    [503, { code: 10_503, message: 'no agent is connected' }, 6, 'no agent is connected'],
    [503, '', 6, 'the server is not ready (503)'],
  ])('%i %j ends with %i and whose refusal it is', async (status, body, code, says) => {
    const run = await withChannel(() => ({ status, body }));
    const { code: ended, stdout, stderr } = await run('emqx', 'line-7', '/api/v5/x');
    expect([ended, JSON.parse(stdout)]).toEqual([code, body]);
    expect(stderr).toContain(says);
    expect((await run('node', 'list', 'line-7')).code).toBe(code);
  });
});
