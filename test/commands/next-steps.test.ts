import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseFaults } from '../../src/server/providers/faults.ts';
import { adminPassword } from '../server/support.ts';
import { createAuthority } from '../stand-ins/certificates.ts';
import type { Ecp } from './ecp.ts';
import { startEcp } from './ecp.ts';

let ecp: Ecp;
beforeAll(async () => {
  ecp = await startEcp({ faults: parseFaults(['stop=hang', 'network=fail']) });
  const [org] = await ecp.json<{ id: string }[]>(['org', 'list']);
  const made = await ecp.run([
    'api',
    `/api/orgs/${org?.id}/projects`,
    '-d',
    JSON.stringify({ name: '产线 2', members: [] }),
  ]);
  expect(made.code).toBe(0);
});
afterAll(() => ecp.stop());

/** The words of a command as a shell would take them out of a printed line. */
function pasted(line: string): string[] {
  const words = line.slice(line.indexOf('ecpctl ') + 7).trim();
  return [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

const lineWith = (text: string, part: string) => text.split('\n').find((line) => line.includes(part)) ?? '';

describe('what is printed as the next step works when it is pasted', () => {
  test('a wait is taken up again in the project that the change was made in', async () => {
    const started = await ecp.run(['create', 'elsewhere', '--project', '产线 2', '--no-wait']);
    const resumed = pasted(lineWith(started.stderr, 'ecpctl wait'));
    expect(resumed.slice(2)).toEqual(['--project', '产线 2']);
    expect(await ecp.run(resumed)).toMatchObject({ code: 0 });
  });

  test('a cluster that was moved is shown where it is now', async () => {
    await ecp.json(['create', 'mover', '--wait']);
    const moved = await ecp.run(['transfer', 'mover', '--to-project', '产线 2']);
    const seen = await ecp.run(pasted(lineWith(moved.stderr, 'ecpctl get')));
    expect(seen).toMatchObject({ code: 0 });
    expect(seen.stdout).toContain('mover');
  });

  test('a change that another one keeps out says where to look, and that looks into the same project', async () => {
    await ecp.json(['create', 'busy', '--project', '产线 2', '--wait']);
    await ecp.json(['stop', 'busy', '--project', '产线 2', '--yes', '--no-wait']);
    const refused = await ecp.run(['scale', 'busy', '--project', '产线 2', '--replicas', '5']);
    expect(refused.code).toBe(5);
    expect(await ecp.run(pasted(lineWith(refused.stderr, 'ecpctl status')))).toMatchObject({ code: 0 });
  });

  test('from the list to the cause of an error, and on, by what each step prints', async () => {
    await ecp.json(['create', 'ill', '--project', '产线 2', '--wait']);
    const failed = await ecp.run([
      'network',
      'ill',
      'NodePort',
      '--protocol',
      'MQTT-TCP',
      '--project',
      '产线 2',
      '--yes',
      '--wait',
    ]);
    expect(failed.code).toBe(1);
    const listed = await ecp.run(['list', '--all-projects']);
    const got = await ecp.run(pasted(lineWith(listed.stderr, 'ill')));
    expect(got).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Cause +\S/m) });
    const [logs = '', repair = ''] = lineWith(got.stderr, 'Next:').split(', ');
    expect(await ecp.run([...pasted(logs), '--no-follow'])).toMatchObject({ code: 0 });
    expect(await ecp.run([...pasted(repair), '--wait'])).toMatchObject({ code: 0 });
  });

  test('a project that is not there names those that are', async () => {
    const { code, stderr } = await ecp.run(['list', '--project', 'nowhere-near']);
    expect(code).toBe(4);
    expect(stderr).toContain("There are: default, '产线 2'");
  });

  test('a token from the environment that is refused is not answered with "log in", which would not help', async () => {
    const { code, stderr } = await ecp.run(['list'], { env: { ECP_TOKEN: 'stale' } });
    expect(code).toBe(3);
    expect(stderr).toContain('The token of ECP_TOKEN is used');
    expect(stderr).not.toContain('ecpctl login');
  });

  test('who is not logged in to an address is told to log in to that one', async () => {
    const { code, stderr } = await ecp.run(['list', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(3);
    expect(stderr).toContain('ecpctl login --url http://127.0.0.1:1');
  });

  test('curl is told of the CA that the command itself was given', async () => {
    const caFile = join(ecp.directory, "my ca's.pem");
    writeFileSync(caFile, createAuthority().cert);
    const args = ['create', 'planned', '--ca-file', caFile, '--insecure', '--dry-run=curl'];
    expect((await ecp.run(args)).stdout).toContain(`--cacert '${caFile.replace("'", "'\\''")}' --insecure --request`);
  });
});

describe('a word cut short', () => {
  test('--desc is taken for --description, not for another option of four letters', async () => {
    expect((await ecp.run(['edit', 'busy', '--desc', 'x'])).stderr).toContain('Did you mean: --description');
  });
});

describe('--query', () => {
  test('is heeded without -o too: it was passed over in silence', async () => {
    const { code, stdout } = await ecp.run(['project', 'list', '--query', '[].name | sort(@)']);
    expect([code, JSON.parse(stdout)]).toEqual([0, ['default', '产线 2']]);
  });

  test('that is none is refused before the change, not after it', async () => {
    const { code, stderr } = await ecp.run(['create', 'never', '--query', 'bad[']);
    expect([code, stderr.includes('--query')]).toEqual([2, true]);
    expect((await ecp.run(['get', 'never'])).code).toBe(4);
  });

  test('does not go with -o name, which prints ids', async () => {
    expect(await ecp.run(['list', '-o', 'name', '--query', '[0]'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('what the other side can do wrong', () => {
  test('a change whose answer is lost may have been made: said, so that nobody makes it twice', async () => {
    const target = new URL(ecp.server.url);
    const proxy = createServer((incoming, outgoing) => {
      const { method = 'GET', url: path, headers } = incoming;
      const onward = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
        if (method === 'POST') incoming.socket.destroy();
        else answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers));
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const token = await accessToken(target.origin);
    const lost = await ecp.run(['create', 'perhaps', '--url', url, '--project', 'default'], {
      env: { ECP_TOKEN: token },
    });
    proxy.closeAllConnections();
    proxy.close();
    expect(lost.code).toBe(6);
    expect(lost.stderr).toContain('may have been carried out');
    expect((await ecp.run(['get', 'perhaps'])).code).toBe(0);
  });

  test('something that speaks no HTTP is not called a fault of ours', async () => {
    const server = createSocketServer((socket) => socket.on('data', () => socket.end('220 smtp ready\r\n')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await ecp.run(['list', '--url', url], { env: { ECP_TOKEN: 'x' } });
    server.close();
    expect([code, stderr]).toEqual([6, expect.stringContaining('does not speak HTTP')]);
  });

  test('a token of two lines in the environment is said to be one, without showing it', async () => {
    const { code, stderr } = await ecp.run(['list'], { env: { ECP_TOKEN: 'first\nsecond' } });
    expect([code, stderr]).toEqual([2, expect.stringContaining('ECP_TOKEN')]);
    expect(stderr).not.toMatch(/first|second/);
  });

  test('a time limit of nothing is refused, and one of a month is none', async () => {
    expect((await ecp.run(['list', '--request-timeout', '0s'])).code).toBe(2);
    expect((await ecp.run(['list', '--request-timeout', '30d'])).code).toBe(0);
  });
});

async function accessToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/account/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

test('a home that cannot be written is the path that is at fault, not the program', async () => {
  const file = join(ecp.directory, 'a-file');
  writeFileSync(file, '');
  const env = { ECP_CONFIG_DIR: join(file, 'below') };
  const login = await ecp.run(['login', '--url', ecp.server.url, '--username', 'admin', '--password-stdin'], {
    env,
    stdin: adminPassword,
  });
  expect([login.code, login.stderr]).toEqual([78, expect.stringContaining(file)]);
});

test('who has no context yet is told to log in', async () => {
  const env = { ECP_CONFIG_DIR: join(ecp.directory, 'none-yet') };
  const { code, stderr } = await ecp.run(['context', 'set', '--project', 'x'], { env });
  expect([code, stderr]).toEqual([3, expect.stringContaining('ecpctl login --url')]);
});

test.each([[['--project', '产线 2']], [['--project=产线 2']]])(
  'names are completed from where the line already points to: %j',
  async (flags) => {
    await ecp.json(['create', 'only-there', '--project', '产线 2', '--if-not-exists', '--wait']);
    // Names come within 300 ms or not at all: a busy machine is asked again.
    const names = async () => (await ecp.run(['__complete', '--', 'get', ...flags, 'only'])).stdout;
    await expect.poll(names, { timeout: 10_000 }).toBe('only-there\t\n');
    expect((await ecp.run(['__complete', '--', 'get', 'only'])).stdout).toBe('');
  },
);

test('an image is asked for, and looked at, after it is known that the cluster can be upgraded', async () => {
  await ecp.json(['register', 'managed-1']);
  const { code, stderr } = await ecp.run(['upgrade', 'managed-1', '--image', 'no-such-image']);
  expect([code, stderr]).toEqual([5, expect.stringContaining('hosted clusters only')]);
});

describe('what would leave a mess is refused before it is sent', () => {
  test('a second cluster of the same name, by edit as by create', async () => {
    const [{ id }] = await ecp.json<[{ id: string }]>(['list', '--name', 'managed-1']);
    await ecp.json(['register', 'managed-2']);
    const { code, stderr } = await ecp.run(['edit', 'managed-2', '--name', 'managed-1']);
    expect([code, stderr]).toEqual([5, expect.stringContaining(id)]);
    expect(await ecp.json(['edit', 'managed-2', '--name', 'managed-2'])).toMatchObject({ deployName: 'managed-2' });
  });

  test('one protocol with two ports', async () => {
    const ports = ['--protocol', 'MQTT-SSL=31001', '--protocol', 'mqtt-ssl=31002'];
    const { code, stderr } = await ecp.run(['create', 'twofold', '--network', 'NodePort', ...ports]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('MQTT-SSL is given twice')]);
  });
});
