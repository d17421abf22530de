import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyEndpoint } from '../contract/every-endpoint.ts';
import { Stage } from '../e2e/stage.ts';
import type { TestServer } from '../server/support.ts';
import { adminPassword, testServer } from '../server/support.ts';
import type { Exception } from './exceptions.ts';
import { exceptions, refusedHere } from './exceptions.ts';
import { prismPath, startPrism } from './prism.ts';
import type { Passed, Violation } from './recorder.ts';
import { startRecorder } from './recorder.ts';
import type { Walked } from './walk.ts';
import { walk } from './walk.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = join(root, '../shared/contract/ecp-openapi.json');
const prism = prismPath(root);
const missing = !existsSync(file) ? file : prism === undefined ? 'Prism' : undefined;
if (missing) console.log(`Skipped: ${missing} is not here.`);

/** A license for this run alone. */
function licenseFile(key: KeyObject): string {
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
    emqxGenerations: [4, 5],
  };
  const bytes = Buffer.from(JSON.stringify(terms));
  const signature = sign(null, bytes, key).toString('base64');
  return JSON.stringify({ format: 'ecp-license/1', license: bytes.toString('base64'), signature });
}

function covers(one: Exception, { call, status, emptyQuery }: Passed, { where, message }: Violation): boolean {
  if (one.call !== '*' && one.call !== call) return false;
  if (one.statuses && !one.statuses.includes(status)) return false;
  if (!where.startsWith(one.where)) return false;
  if (one.message instanceof RegExp) return one.message.test(message);
  return emptyQuery.some((name) => message === `Request query must have required property '${name}'`);
}

describe.skipIf(missing)('client and server, judged by Prism on the published file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ecp-contract-'));
  const stage = new Stage(root, folder);
  let server: TestServer;
  let walked: Walked;
  let passed: readonly Passed[];

  beforeAll(async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    server = await testServer({
      faults: { stop: { outcome: 'fail-once' } },
      licenseKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
    const url = await startPrism(stage, prism ?? '', file, server.url);
    const recorder = await startRecorder(url, everyEndpoint);
    walked = await walk(recorder.url, {
      username: 'admin',
      password: adminPassword,
      license: licenseFile(privateKey),
    });
    passed = [...recorder.passed];
    await recorder.close();
  }, 120_000);
  afterAll(async () => {
    await stage.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('would object: to a request without what is required, and to an answer of another shape', async () => {
    const liar = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"total":"many","data":[]}');
    });
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const upstream = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
    const recorder = await startRecorder(await startPrism(stage, prism ?? '', file, upstream), everyEndpoint);
    await (await fetch(`${recorder.url}/api/audit/operations?since=0&offset=0`)).arrayBuffer();
    await recorder.close();
    liar.close();
    const violations = recorder.passed.flatMap((one) => one.violations);
    expect(violations).toContainEqual({
      where: 'request.query',
      message: "Request query must have required property 'until'",
    });
    expect(violations.map(({ where }) => where)).toContain('response.body.total');
  }, 60_000);

  it('objects to nothing that is not agreed', () => {
    const objections = passed.flatMap((one) =>
      one.violations
        .filter((violation) => !exceptions.some((exception) => covers(exception, one, violation)))
        .map(({ where, message }) => `${one.call} -> ${one.status}: ${where}: ${message}`),
    );
    expect([...new Set(objections)]).toEqual([]);
  });

  it('needs every exception that was agreed', () => {
    const unneeded = exceptions.filter(
      (exception) => !passed.some((one) => one.violations.some((violation) => covers(exception, one, violation))),
    );
    expect(unneeded).toEqual([]);
  });

  it('has seen every function of the client', () => {
    expect([...walked.functions].filter((name) => !walked.called.has(name))).toEqual([]);
  });

  it('has seen every operation of the contract', () => {
    const seen = new Set(passed.map(({ call }) => call));
    const published = everyEndpoint.filter(({ endpoint }) => !endpoint.path.startsWith('/api/x/'));
    expect(published.map(({ call }) => call).filter((call) => !seen.has(call))).toEqual([]);
  });

  it('has seen a good answer of everything that the server serves', () => {
    const good = new Set(passed.filter(({ status }) => status < 300).map(({ call }) => call));
    // Extensions of ours are not in the published file (ours.md, Server).
    const published = server.routes.filter(({ endpoint }) => !endpoint.path.startsWith('/api/x/'));
    const served = published.map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`);
    expect(served.length).toBeGreaterThan(50);
    expect(served.filter((call) => !good.has(call))).toEqual(Object.keys(refusedHere));
  });
});
