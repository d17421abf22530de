import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller, TestServer } from './support.ts';
import { adminPassword, firstProject, taskEnd, testServer } from './support.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const licenseKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();

const terms = {
  type: 'official',
  customerName: 'Factory',
  customerContact: 'it@factory.example',
  startDate: '2024-01-01',
  expiredDate: '2999-12-31',
  maxEmqxClusterCount: 6,
  maxSingleClusterConnectionCount: 60,
  totalClusterConnectionCount: 100,
  maxEdgeServiceCount: 0,
  maxTagCount: 0,
  emqxGenerations: [5],
};

function licenseFile(payload: unknown = terms, key = privateKey): string {
  const bytes = Buffer.from(JSON.stringify(payload));
  const signature = sign(null, bytes, key).toString('base64');
  return JSON.stringify({ format: 'ecp-license/1', license: bytes.toString('base64'), signature });
}

let server: TestServer;
let admin: Caller;
let project: string;
beforeAll(async () => {
  server = await testServer({ licenseKey, simulatedMs: 0 });
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
});
afterAll(() => server.stop());

/** As the client sends it: one part that is a file. */
function upload(text: string) {
  const edge = 'edge-of-the-form';
  const body = `--${edge}\r\ncontent-disposition: form-data; name="file"; filename="ecp.lic"\r\n\r\n${text}\r\n--${edge}--\r\n`;
  return admin('POST', '/api/license', { body, headers: { 'content-type': `multipart/form-data; boundary=${edge}` } });
}

describe('a license file', () => {
  test('is not needed to begin: a trial is built in', async () => {
    expect((await admin('GET', '/api/license')).body).toMatchObject({ type: 'trial', expired: false });
  });

  const other = generateKeyPairSync('ed25519').privateKey;
  test.each([
    ['text', 'not a license', /not JSON/],
    ['another format', '{"format":"x"}', /not of the format ecp-license\/1/],
    ['a foreign signature', licenseFile(terms, other), /signature does not hold/],
    ['changed terms', licenseFile().replace(/"license":"./, '"license":"A'), /signature does not hold/],
    ['a negative quota', licenseFile({ ...terms, totalClusterConnectionCount: -1 }), /totalClusterConnectionCount/],
    ['a day that is none', licenseFile({ ...terms, expiredDate: '2030-13-01' }), /expiredDate/],
    ['an end that has passed', licenseFile({ ...terms, expiredDate: '2024-02-01' }), /expired on 2024-02-01/],
    ['a beginning to come', licenseFile({ ...terms, startDate: '2998-01-01' }), /begins on 2998-01-01/],
  ])('that is %s is refused and changes nothing', async (_, text, words) => {
    const answer = await upload(text);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.message).toMatch(words);
    expect((await admin('GET', '/api/license')).body.type).toBe('trial');
  });

  test('that holds takes effect, and stands in the audit log with before and after', async () => {
    expect((await upload(licenseFile())).body).toMatchObject({
      customerName: 'Factory',
      totalClusterConnectionCount: 100,
    });
    const { body } = await admin('GET', '/api/audit/operations?since=&until=&offset=0&resource=7');
    const metadata = JSON.parse(body.data[0].metadata);
    expect([metadata.before.type, metadata.after.type]).toEqual(['trial', 'official']);
  });
});

describe('what the license allows', () => {
  const usage = async () => (await admin('GET', '/api/monitor/license')).body;
  const create = (connectLimit: number) =>
    admin('POST', `${project}/deployments`, {
      form: { deployName: 'c', replicas: '1', connectLimit: String(connectLimit) },
    });
  const settled = async (answer: Awaited<ReturnType<Caller>>) => {
    if (answer.status === 200) await taskEnd(admin, answer.body.data.taskId);
    return answer;
  };

  test('is named in every refusal', async () => {
    expect((await create(61)).body.message).toMatch(/60 connections in one cluster, not 61/);
    const made = await settled(await create(60));
    expect((await create(41)).body.message).toMatch(/40 of 100 connections left, not 41/);
    expect((await usage()).xWarnings).toEqual([]);
    const path = `${project}/deployments/${made.body.data.id}`;
    await settled(await admin('DELETE', path, { json: { name: 'c' } }));
    expect(await usage()).toMatchObject({ connectionConsumption: 0, clusterConsumptions: 0 });
  });

  /**
   * Several clients at once create, change and delete. Whatever comes through: the sum of what the clusters hold is what
   * the license says is used, and never more than it allows; what was refused had no room at some moment.
   */
  test('is never exceeded by clients that work at once, and all of it comes back', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), connections: fc.integer({ min: 1, max: 70 }) }),
      fc.record({
        kind: fc.constant('change' as const),
        connections: fc.integer({ min: 1, max: 70 }),
        pick: fc.nat(9),
      }),
      fc.record({ kind: fc.constant('delete' as const), pick: fc.nat(9) }),
    );
    const clients = fc.array(fc.array(step, { maxLength: 6 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(clients, async (scripts) => {
        const ids: string[] = [];
        let watching = true;
        const watcher = (async () => {
          while (watching) {
            const { connectionConsumption, clusterConsumptions } = await usage();
            expect(connectionConsumption).toBeLessThanOrEqual(100);
            expect(clusterConsumptions).toBeLessThanOrEqual(6);
          }
        })();
        await Promise.all(
          scripts.map(async (script) => {
            for (const action of script) {
              if (action.kind === 'create') {
                const answer = await settled(await create(action.connections));
                expect([200, 409]).toContain(answer.status);
                if (answer.status === 200) ids.push(answer.body.data.id);
                continue;
              }
              const id = ids[action.pick % Math.max(1, ids.length)];
              if (id === undefined) continue;
              const path = `${project}/deployments/${id}`;
              const json = action.kind === 'change' ? { connectLimit: action.connections } : { name: 'c' };
              const answer = await settled(
                action.kind === 'change'
                  ? await admin('POST', `${path}/dynamiclicense-update`, { json })
                  : await admin('DELETE', path, { json }),
              );
              expect([200, 404, 409]).toContain(answer.status);
            }
          }),
        );
        watching = false;
        await watcher;
        const { list } = (await admin('GET', `${project}/deployments?limit=-1`)).body.data;
        const held = list.reduce((sum: number, cluster: { connectLimit: number }) => sum + cluster.connectLimit, 0);
        expect(await usage()).toMatchObject({ connectionConsumption: held, clusterConsumptions: list.length });
        for (const { id } of list)
          await settled(await admin('DELETE', `${project}/deployments/${id}`, { json: { name: 'c' } }));
        expect(await usage()).toMatchObject({ connectionConsumption: 0, clusterConsumptions: 0 });
      }),
      { numRuns: 12 },
    );
  });

  test('is reserved at the larger of both while a change runs, and at the old one after it failed', async () => {
    const slow = await testServer({ licenseKey, faults: { connections: { outcome: 'fail', durationMs: 2000 } } });
    try {
      const mine = await slow.as('admin', adminPassword);
      const place = await firstProject(mine);
      const used = async () => (await mine('GET', '/api/monitor/license')).body.connectionConsumption;
      const made = await mine('POST', `${place}/deployments`, { form: { deployName: 'd', connectLimit: '10' } });
      await taskEnd(mine, made.body.data.taskId);
      const path = `${place}/deployments/${made.body.data.id}`;
      const more = await mine('POST', `${path}/dynamiclicense-update`, { json: { connectLimit: 50 } });
      expect(await used()).toBe(50);
      expect(await taskEnd(mine, more.body.data.taskId)).toMatchObject({ status: 4, xReason: /told to fail/ });
      expect(await used()).toBe(10);
      expect((await mine('GET', path)).body.data).toMatchObject({ status: 9, connectLimit: 10 });
    } finally {
      await slow.stop();
    }
  });
});
