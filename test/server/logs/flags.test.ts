import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { logOptions, readLogOptions } from '../../../src/commands/server-logs.ts';
import { killAll, launch, start } from '../process.ts';
import { adminPassword, basic, caller, firstProject } from '../support.ts';

const none = Object.fromEntries(Object.keys(logOptions).map((name) => [name, undefined])) as Given;
type Given = Parameters<typeof readLogOptions>[0];

describe('options of the log', () => {
  it('left out leave everything as it is', () => {
    expect(readLogOptions(none, {})).toEqual({ logRetention: {} });
  });

  it('count sizes by 1024', () => {
    expect(readLogOptions({ ...none, logDays: 30, logSize: '1.5GiB', logQuota: '20MiB' }, {})).toEqual({
      logRetention: { days: 30, bytes: 1.5 * 1024 ** 3 },
      logQuota: 20 * 1024 ** 2,
    });
  });

  it.each([
    [{ logSize: '10MiB' }, '--log-size: "10MiB" is no size from 64MiB on, such as 500MiB or 10GiB'],
    [{ logSize: 'all of it' }, '--log-size: "all of it" is no size from 64MiB on, such as 500MiB or 10GiB'],
    [{ logSize: '99999999TiB' }, '--log-size: "99999999TiB" is no size from 64MiB on, such as 500MiB or 10GiB'],
    [{ logQuota: '5KiB' }, '--log-quota: "5KiB" is no size from 1MiB on, such as 500MiB or 10GiB'],
  ])('%j: %s', (given, message) => {
    expect(() => readLogOptions({ ...none, ...given }, {})).toThrow(
      expect.objectContaining({ code: 'invalid_value', message }),
    );
  });
});

describe('options of a search engine', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'ecp-log-flags-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const file = (name: string, content: string): string => {
    writeFileSync(join(home, name), content);
    return join(home, name);
  };
  const read = (given: Partial<Given>, env = {}) => readLogOptions({ ...none, ...given }, env).elasticsearch;
  const elasticsearch = 'https://logs.example:9200/es/';

  it('give accounts by file or environment, the file first, and agents the same one or theirs', () => {
    const env = { ECP_ELASTICSEARCH_CREDENTIALS: 'env:of:the environment' };
    expect(read({ elasticsearch })).toEqual({
      url: 'https://logs.example:9200/es',
      index: 'emqx-logs',
      account: { username: '', password: '' },
      agentAccount: { username: '', password: '' },
      ca: undefined,
    });
    const fromEnv = { username: 'env', password: 'of:the environment' };
    expect(read({ elasticsearch }, env)).toMatchObject({ account: fromEnv, agentAccount: fromEnv });
    const given = {
      elasticsearch,
      elasticsearchIndex: 'logs-2',
      elasticsearchCredentialsFile: file('own', 'me:secret\n'),
      elasticsearchAgentCredentialsFile: file('agents', 'they:other'),
    };
    expect(read(given, env)).toMatchObject({
      index: 'logs-2',
      account: { username: 'me', password: 'secret' },
      agentAccount: { username: 'they', password: 'other' },
    });
  });

  it('refuse an account in the address, say where it belongs, and do not repeat it', () => {
    const given = { elasticsearch: 'https://elastic:hunter22@logs.example' };
    let failure: unknown;
    try {
      read(given);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({
      code: 'invalid_value',
      hint: { en: expect.stringContaining('--elasticsearch-credentials-file') },
    });
    expect(String(failure)).not.toContain('hunter22');
  });

  it.each([
    ['an address of another kind', { elasticsearch: 'ftp://h' }, 'invalid_value'],
    ['an address with a question', { elasticsearch: 'http://h/?x=1' }, 'invalid_value'],
    ['a name that stands for many indexes', { elasticsearch, elasticsearchIndex: 'emqx-*' }, 'invalid_value'],
    ['a file that is not there', { elasticsearch, elasticsearchCredentialsFile: '/no/such' }, 'unusable_path'],
    ['a CA file that is none', { elasticsearch, elasticsearchCaFile: '/dev/null' }, 'unusable_path'],
    ['a quota', { elasticsearch, logQuota: '5MiB' }, 'usage'],
    ['an account for nothing', { elasticsearchCredentialsFile: 'x' }, 'usage'],
  ])('refuse %s', (_, given, code) => {
    expect(() => read(given)).toThrow(expect.objectContaining({ code }));
  });

  it('refuse a file that holds no account, without showing what it holds', () => {
    const path = file('bad', 'onlyapassword');
    expect(() => read({ elasticsearch, elasticsearchCredentialsFile: path })).toThrow(
      expect.objectContaining({
        code: 'unusable_path',
        message: `cannot use ${path}: it does not hold one line USER:PASSWORD`,
      }),
    );
  });
});

describe('the server as a process', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'ecp-log-flags-'));
    writeFileSync(join(home, 'password'), `${adminPassword}\n`);
  });
  afterEach(() => {
    killAll();
    rmSync(home, { recursive: true, force: true });
  });

  test('ends before it begins with a value that it cannot use', async () => {
    expect(await launch(home, '--ephemeral', '--log-size', 'much').ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --log-size: "much" is no size/),
    });
    expect(await launch(home, '--ephemeral', '--log-days', '0').ended).toMatchObject({ code: 2 });
  });

  test('holds a cluster to its quota', async () => {
    const ready = join(home, 'ready.json');
    const args = ['--ephemeral', '--admin-password-file', join(home, 'password'), '--ready-file', ready];
    const { admin, url, child, ended } = await start(home, ready, ...args, '--log-quota', '1MiB');
    const project = await firstProject(admin);
    const added = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name: 'plant' } });
    const { registrationToken } = (await admin('GET', `${project}/deployments/${added.body.id}`)).body.data;
    const call = caller(url);
    const { token } = (
      await call('POST', '/api/clusters/agents/emqxee/register', {
        json: { nodeId: 'node-uuid-flags', registrationToken },
      })
    ).body;
    const { username, password } = (await caller(url, token)('GET', '/api/clusters/agents/emqxee/metadata')).body
      .elasticsearch;
    const line = `{"create":{}}\n${JSON.stringify({ '@timestamp': 0, message: 'x'.repeat(250_000) })}\n`;
    const statuses: number[] = [];
    for (let round = 0; round < 2; round++) {
      const headers = { ...basic(username, password), 'content-type': 'application/x-ndjson' };
      statuses.push((await call('POST', '/_bulk', { headers, body: line.repeat(6) })).status);
    }
    expect(statuses).toEqual([200, 429]);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
  });
});
