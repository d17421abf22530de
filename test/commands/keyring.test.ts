import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openCredentials } from '../../src/cli/credentials.ts';
import { openKeyring } from '../../src/cli/keyring.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { TestServer } from '../server/support.ts';
import { adminPassword, testServer } from '../server/support.ts';
import { ecpctl } from '../support/ecpctl.ts';
import type { SecretService } from '../support/secret-service.ts';
import {
  keyringPackageMissing,
  secretServiceMissing,
  startSecretService,
  startSilentBus,
} from '../support/secret-service.ts';
import { rotatingServer } from './rotating-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.stop());

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecpctl-keyring-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const tokenFile = () => readFileSync(join(directory, 'tokens', 'a.json'), 'utf8');
const loginWords = () => ['login', '--context', 'a', '--url', server.url, '--username', 'admin', '--password-stdin'];

const missing = secretServiceMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('a real Secret Service', () => {
  let service: SecretService;
  beforeAll(async () => {
    service = await startSecretService();
  });
  afterAll(() => service.stop());
  const run = (args: readonly string[], env: Record<string, string> = {}, stdin = '') =>
    ecpctl({ ...service.env, ECP_CONFIG_DIR: directory, ECPCTL_KEYRING: '', ...env }, args, stdin);
  const login = (env: Record<string, string> = {}) => run(loginWords(), env, adminPassword);

  test('has the tokens from login to logout, and each command says so', async () => {
    expect(await login()).toMatchObject({ code: 0 });
    expect(Object.keys(JSON.parse(tokenFile()))).toEqual(['url', 'keyring']);
    expect(service.dump()).toContain(join(directory, 'tokens', 'a.json'));
    const whoami = await run(['whoami', '-o', 'json']);
    expect(whoami).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(whoami.stdout)).toMatchObject({ token: { store: 'keyring', at: 'Secret Service' } });
    const explained = JSON.parse((await run(['config', 'explain', '-o', 'json'])).stdout) as { name: string }[];
    expect(explained).toContainEqual({ name: 'token', value: '******', source: 'login', origin: 'Secret Service' });
    expect(explained).toContainEqual({ name: 'keyring', value: 'Secret Service', source: 'default', origin: '' });
    expect((await run(['doctor'])).stdout).toContain('logged in as admin (keyring: Secret Service)');
    expect(await run(['logout'])).toMatchObject({ code: 0 });
    expect(service.dump()).toBe('');
    expect(existsSync(join(directory, 'tokens', 'a.json'))).toBe(false);
    expect(await run(['whoami'])).toMatchObject({ code: 3 });
  });

  test('is left alone in CI, and where ECPCTL_KEYRING says so; the next login moves the tokens', async () => {
    for (const env of [{ CI: 'true' }, { ECPCTL_KEYRING: 'file' }] as Record<string, string>[]) {
      expect(await login(env)).toMatchObject({ code: 0 });
      expect(tokenFile()).toContain('accessToken');
      expect(service.dump()).toBe('');
    }
    expect(await run(['whoami'])).toMatchObject({ code: 0 });
    expect(tokenFile()).toContain('accessToken');
    expect(await login()).toMatchObject({ code: 0 });
    expect(tokenFile()).not.toContain('accessToken');
    expect(await run(['context', 'delete', 'a'])).toMatchObject({ code: 0 });
    expect(service.dump()).toBe('');
  });

  test('that is locked and asks its user is said, and a login goes to the file', async () => {
    expect(await login()).toMatchObject({ code: 0 });
    await service.restart();
    onTestFinished(() => service.restart('a password'));
    const refused = await run(['whoami']);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('the tokens are in the keyring (Secret Service), which cannot be used');
    rmSync(join(directory, 'cache'), { recursive: true });
    const again = await login();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain('warning: the tokens are kept in a file');
    expect(await run(['whoami'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('is shared by processes that run at once: one renewal, and none is thrown out', async () => {
    const rotating = await rotatingServer();
    writeFileSync(
      join(directory, 'config.json'),
      JSON.stringify({ currentContext: 'a', contexts: { a: { url: rotating.url } } }),
    );
    const keyring = openKeyring(directory, {
      env: service.env,
      clock: systemClock,
      signal: new AbortController().signal,
      atExit: () => {},
    });
    const tools = { clock: systemClock, random: Math.random, out: { warn: () => {} } };
    const store = openCredentials(directory, 'a', rotating.url, tools, keyring);
    await store.begin({ accessToken: 'expired', refreshToken: 'r1' });
    const runs = await Promise.all(Array.from({ length: 4 }, () => run(['org', 'list', '-o', 'json'])));
    for (const { code, stdout, stderr } of runs) expect([code, stdout, stderr]).toEqual([0, '[]\n', '']);
    expect(rotating.uses).toEqual(['r1']);
    expect(await store.read()).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
    await store.remove();
  });
});

const noPackage = keyringPackageMissing();
if (noPackage) console.log(`skipped: ${noPackage}`);

describe.skipIf(noPackage)('a keyring that never answers', () => {
  let bus: Awaited<ReturnType<typeof startSilentBus>>;
  beforeEach(async () => {
    bus = await startSilentBus();
  });
  afterEach(() => bus.stop());
  const run = (args: readonly string[], env: Record<string, string> = {}, stdin = '') =>
    ecpctl({ ...bus.env, ECP_CONFIG_DIR: directory, ECPCTL_KEYRING: '', ...env }, args, stdin);

  test('costs one login its patience and a warning; the next ones go to the file at once', async () => {
    const first = await run(loginWords(), {}, adminPassword);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr.match(/warning: .*no answer within 3 s/g)).toHaveLength(1);
    expect(tokenFile()).toContain('accessToken');
    expect(bus.connections()).toBe(1);
    const second = await run(loginWords(), {}, adminPassword);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).not.toContain('warning');
    expect(await run(['whoami'])).toMatchObject({ code: 0, stderr: '' });
    expect(bus.connections()).toBe(1);
  });

  test('is not asked for a token that the environment gives, nor by a page of help', async () => {
    expect(await run(loginWords(), { ECPCTL_KEYRING: 'off' }, adminPassword)).toMatchObject({ code: 0 });
    const { accessToken } = JSON.parse(tokenFile()) as { accessToken: string };
    const file = join(directory, 'tokens', 'a.json');
    writeFileSync(file, JSON.stringify({ url: server.url, keyring: 'x' }));
    const whoami = await run(['whoami', '-o', 'json'], { ECP_TOKEN: accessToken });
    expect(whoami).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(whoami.stdout)).toMatchObject({ token: { store: 'environment', at: 'ECP_TOKEN' } });
    for (const args of [['--help'], ['--version'], ['login', '--help'], ['config', 'explain'], ['context', 'list']]) {
      expect(await run(args)).toMatchObject({ code: 0 });
    }
    expect(bus.connections()).toBe(0);
    const without = await run(['whoami']);
    expect(without).toMatchObject({ code: 3, stdout: '' });
    expect(without.stderr).toContain('no answer within 3 s');
    expect((await run(['whoami'])).stderr).toContain('no answer within 1 s');
  });

  test('does not keep a person who presses Tab waiting for it', async () => {
    expect(await run(loginWords(), { ECPCTL_KEYRING: 'off' }, adminPassword)).toMatchObject({ code: 0 });
    writeFileSync(join(directory, 'tokens', 'a.json'), JSON.stringify({ url: server.url, keyring: 'x' }));
    expect(await run(['__complete', '--', 'get', ''])).toMatchObject({ code: 0, stderr: '' });
    // A keyring that had its three seconds would have been found silent, and that is remembered.
    expect(existsSync(join(directory, 'cache', 'keyring.json'))).toBe(false);
  });
});

test('a logout ends the session of the login, not that of a token that somebody else gave', async () => {
  const env = { ECP_CONFIG_DIR: directory };
  expect(await ecpctl(env, loginWords(), adminPassword)).toMatchObject({ code: 0 });
  const mine = (JSON.parse(tokenFile()) as { accessToken: string }).accessToken;
  const login = await server.call('POST', '/api/account/login', {
    json: { username: 'admin', password: adminPassword },
  });
  const given = (login.body as { accessToken: string }).accessToken;
  expect(await ecpctl({ ...env, ECP_TOKEN: given }, ['logout'])).toMatchObject({ code: 0 });
  expect(await ecpctl({ ...env, ECP_TOKEN: given }, ['whoami'])).toMatchObject({ code: 0 });
  expect(await ecpctl({ ...env, ECP_TOKEN: mine }, ['whoami'])).toMatchObject({ code: 3 });
});
