import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { readLogOptions } from '../../../src/commands/server-logs.ts';
import { killAll, launch, start } from '../process.ts';
import { adminPassword, basic, caller, firstProject } from '../support.ts';

const none = { logDays: undefined, logSize: undefined, logQuota: undefined };

describe('options of the log', () => {
  it('left out leave everything as it is', () => {
    expect(readLogOptions(none)).toEqual({ logRetention: {}, logQuota: undefined });
  });

  it('count sizes by 1024', () => {
    expect(readLogOptions({ logDays: 30, logSize: '1.5GiB', logQuota: '20MiB' })).toEqual({
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
    expect(() => readLogOptions({ ...none, ...given })).toThrow(
      expect.objectContaining({ code: 'invalid_value', message }),
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
