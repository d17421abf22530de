import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { program } from '../../src/commands/index.ts';
import { createAuthority } from '../stand-ins/certificates.ts';
import type { Ecp } from './ecp.ts';
import { startEcp } from './ecp.ts';

/** Commands whose stdout is not theirs to shape, and those that never end (ours.md, Both programs). */
const exempt = ['api', 'emqx', 'completion', '__complete', 'logs tail', 'server'];

/** Failures that are expected of this server: their stdout stays empty, and stderr is one JSON error. */
const failing: Readonly<Record<string, string>> = {
  'license upload': 'conflict',
  // No agent has joined, so nobody can ask EMQX: how a server says that is its own.
  'node list': '*',
};

let ecp: Ecp;
let files: { cert: string; key: string; license: string };
beforeAll(async () => {
  ecp = await startEcp();
  mkdirSync(ecp.directory, { recursive: true });
  const pair = createAuthority().issue('x');
  const file = (name: string, content: string) => {
    writeFileSync(join(ecp.directory, name), content);
    return join(ecp.directory, name);
  };
  files = { cert: file('c.pem', pair.cert), key: file('k.pem', pair.key), license: file('l.lic', 'LICENSE') };
});
afterAll(() => ecp.stop());

/** A run of every command, in an order in which each finds what it needs. */
const runs = (): Record<string, readonly string[]> => ({
  login: ['--url', ecp.server.url, '--username', 'admin', '--password-stdin'],
  whoami: [],
  create: ['h1', '--wait'],
  register: ['m1'],
  list: [],
  get: ['h1'],
  status: ['h1', 'm1'],
  edit: ['m1', '--description', 'x'],
  scale: ['h1', '--replicas', '2', '--wait'],
  stop: ['h1', '--yes', '--wait'],
  start: ['h1', '--wait'],
  wait: ['h1'],
  repair: ['h1', '--dry-run'],
  upgrade: ['h1', '--image', 'emqx/emqx-enterprise:5.7.2', '--yes', '--wait'],
  network: ['h1', 'NodePort', '--protocol', 'MQTT-TCP=31883', '--yes', '--wait'],
  'connections set': ['h1', '30', '--yes', '--wait'],
  'connections disable': ['h1', '--yes', '--dry-run', '--project', 'default'],
  certificates: ['h1', '--wss-cert', files.cert, '--wss-key', files.key, '--yes', '--wait'],
  'emqx-license': ['h1', files.license, '--yes', '--wait'],
  transfer: ['m1', '--to-project', 'default'],
  dashboard: ['m1'],
  'logs search': ['m1'],
  'agent list': ['m1'],
  'agent guide': ['m1'],
  'agent remove': ['m1', 'machine-1', '--yes'],
  'node list': ['m1'],
  'spec list': [],
  'image list': [],
  'task get': [],
  'license show': [],
  'license usage': [],
  'license upload': [files.license, '--yes'],
  'context list': [],
  'context show': [],
  'context use': [],
  'context set': ['--project', 'default'],
  'context protect': ['--off'],
  'config explain': [],
  'org list': [],
  'project list': [],
  doctor: [],
  version: [],
  delete: ['m1', '--confirm', 'm1', '--wait'],
  'context delete': ['spare'],
  logout: [],
});

test('every command speaks JSON alone on stdout', async () => {
  const all = runs();
  const known = program.commands.map((one) => one.path.join(' ')).filter((name) => !exempt.includes(name));
  expect(Object.keys(all).sort()).toEqual(known.sort());
  for (const [name, args] of Object.entries(all)) {
    const { code, stdout, stderr } = await ecp.run(
      [...name.split(' '), ...(await prepared(name)), ...args, '-o', 'json'],
      {
        stdin: 'correct horse 1',
      },
    );
    const expected = failing[name] ?? (name === 'connections disable' ? 'refused' : undefined);
    if (expected === undefined) {
      expect([name, code, stderr.includes('error')], stderr).toEqual([name, 0, false]);
      expect(['object'], name).toContain(typeof JSON.parse(stdout));
      if (name.endsWith(' list') || name === 'list') expect(Array.isArray(JSON.parse(stdout)), name).toBe(true);
      continue;
    }
    expect([name, stdout]).toEqual([name, '']);
    const { error } = JSON.parse(stderr.slice(stderr.indexOf('{'))) as { error: Record<string, unknown> };
    expect(error, name).toMatchObject({
      code: expected === '*' ? expect.any(String) : expected,
      exit: code,
      message: expect.any(String),
      hint: expect.any(String),
    });
  }
});

/** Arguments that only the server knows. */
async function prepared(name: string): Promise<string[]> {
  switch (name) {
    case 'task get':
      return [(await ecp.json<{ taskId: string }>(['get', 'h1'])).taskId];
    case 'context use':
      return [(await ecp.json<{ name: string }>(['context', 'show'])).name];
    case 'context delete':
      await ecp.json(['context', 'set', 'spare', '--url', 'http://spare.example.com']);
      return [];
    case 'agent remove': {
      const { registrationToken } = await ecp.json<{ registrationToken: string }>(['get', 'm1']);
      const path = '/api/clusters/agents/emqxee/register';
      await ecp.server.call('POST', path, { json: { nodeId: 'machine-1', registrationToken } });
      return [];
    }
    default:
      return [];
  }
}

test('the other formats are what they say', async () => {
  const run = async (...args: string[]) => (await ecp.run(args)).stdout;
  expect((await ecp.run(['list'])).code).toBe(3);
  await ecp.run(['login', '--url', ecp.server.url, '--username', 'admin', '--password-stdin'], {
    stdin: 'correct horse 1',
  });
  await ecp.json(['register', '中文 名称']);
  const rows = await ecp.json<{ id: string }[]>(['list']);
  const ndjson = (await run('list', '-o', 'ndjson')).trimEnd().split('\n');
  expect(ndjson.map((line) => JSON.parse(line))).toEqual(rows);
  const { parse } = await import('yaml');
  expect(parse(await run('list', '-o', 'yaml'))).toEqual(rows);
  expect(await run('list', '-o', 'name')).toBe(rows.map((row) => `${row.id}\n`).join(''));
  expect(await run('list', '--no-headers', '--columns', 'name')).toBe('h1\n中文 名称\n');
  expect((await ecp.run(['list', '--columns', 'nope'])).code).toBe(2);
  expect((await ecp.run(['list', '-o', 'json', '--query', '[?'])).code).toBe(2);
});
