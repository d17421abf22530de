import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { refusalPause } from '../../../agent/emqx/credentials.ts';
import type { EmqxSettings, Observation } from '../../../agent/emqx/types.ts';
import type { Knobs } from '../../stand-ins/emqx/knobs.ts';
import type { Handler } from '../../stand-ins/emqx/server.ts';
import { atEnd, emqx, healthy, settingsFor, watch } from './rig.ts';

type Field = 'nodeConnectError' | 'clusterFetchError' | 'metricsFetchError';

interface Case {
  readonly field: Field;
  /** `<url>` stands for the address of the stand-in. */
  readonly says: string;
  readonly knobs?: Partial<Knobs>;
  readonly settings?: Partial<EmqxSettings>;
  readonly handle?: Handler;
  /** Turns the trouble off; then every field must be empty again. Absent: only new settings help. */
  readonly cure?: Partial<Knobs>;
}

const answer =
  (path: string, status: number, body: string): Handler =>
  (request, response) => {
    if (request.url?.split('?')[0] !== path) return false;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    return true;
  };

const again = 'it is tried again in 30m at the earliest, or at once after emqxee-agent register';

const cases: Readonly<Record<string, Case>> = {
  'an address that is none': {
    field: 'nodeConnectError',
    says: 'The EMQX address "ftp://x" is not a URL such as http://127.0.0.1:18083',
    settings: { dashboardUrl: 'ftp://x' },
  },
  'an address with a password in it, which is not repeated': {
    field: 'nodeConnectError',
    says: 'The EMQX address "http://127.0.0.1:1" is not a URL such as http://127.0.0.1:18083',
    settings: { dashboardUrl: 'http://admin:secret@127.0.0.1:1' },
  },
  'no credentials': {
    field: 'nodeConnectError',
    says: 'No EMQX user and no API key is set; run emqxee-agent register again with --emqx-dashboard-username and a password',
    settings: { password: undefined },
  },
  'nobody listening': {
    field: 'nodeConnectError',
    says: 'EMQX at http://127.0.0.1:1 refuses the connection; check that it is running and that this is the address of its dashboard',
    settings: { dashboardUrl: 'http://127.0.0.1:1', apiUrl: 'http://127.0.0.1:1' },
  },
  'a connection that is cut': {
    field: 'nodeConnectError',
    says: 'EMQX at <url> cannot be reached: other side closed',
    handle: (request) => Boolean(request.socket.destroy()),
  },
  'an EMQX that takes the request and says nothing': {
    field: 'nodeConnectError',
    says: 'EMQX at <url> did not answer within 10s',
    knobs: { silent: true },
    cure: { silent: false },
  },
  'an EMQX that says nothing for its login alone': {
    field: 'nodeConnectError',
    says: 'EMQX at <url> did not answer within 10s',
    handle: (request) => request.url === '/api/v5/login',
  },
  'a slow EMQX': {
    field: 'nodeConnectError',
    says: 'EMQX at <url> did not answer within 10s',
    knobs: { delayMs: 800 },
    cure: { delayMs: 0 },
  },
  'an EMQX that starts': {
    field: 'nodeConnectError',
    says: 'EMQX at <url> is starting or stopping (HTTP 503)',
    knobs: { starting: true },
    cure: { starting: false },
  },
  'an EMQX 4.4 that starts': {
    field: 'nodeConnectError',
    says: 'EMQX at <url> is starting or stopping (HTTP 503)',
    knobs: { generation: 4, version: '4.4.19', starting: true },
    cure: { starting: false },
  },
  'another program at the address': {
    field: 'nodeConnectError',
    says: '<url> answers, but not as EMQX does (HTTP 404); check the address',
    handle: (_, response) => {
      response.writeHead(404).end('<html>nginx</html>');
      return true;
    },
  },
  'a version 5 that is too old': {
    field: 'nodeConnectError',
    says: 'EMQX 5.5.1 at <url> is not supported; ECP manages EMQX Enterprise 4.4.6 and later, and 5.6.0 and later',
    knobs: { version: '5.5.1' },
    cure: { version: '5.6.0' },
  },
  'a version 4 that is too old': {
    field: 'nodeConnectError',
    says: 'EMQX 4.4.5 at <url> is not supported; ECP manages EMQX Enterprise 4.4.6 and later, and 5.6.0 and later',
    knobs: { generation: 4, version: '4.4.5' },
    cure: { version: '4.4.6' },
  },
  'a wrong password': {
    field: 'nodeConnectError',
    says: `EMQX does not accept the password of user "admin"; ${again}`,
    settings: { password: 'wrong' },
  },
  'a wrong password on 4.4': {
    field: 'nodeConnectError',
    says: `EMQX does not accept the password of user "admin"; ${again}`,
    knobs: { generation: 4, version: '4.4.19' },
    settings: { password: 'wrong' },
  },
  'a locked user': {
    field: 'nodeConnectError',
    says: `EMQX has locked user "admin" after failed logins; ${again}`,
    knobs: { version: '5.9.0', locked: true },
  },
  'a user with a second factor': {
    field: 'nodeConnectError',
    says: 'EMQX user "admin" logs in with a second factor (MFA), which an agent does not have; register another user or an API key',
    knobs: { version: '5.9.0', mfa: true },
  },
  'a login refused for another reason': {
    field: 'nodeConnectError',
    says: 'EMQX rejects the login of user "admin": HTTP 400 BAD_REQUEST',
    handle: answer('/api/v5/login', 400, '{"code":"BAD_REQUEST","message":{"reason":"required_field"}}'),
  },
  'a wrong API key': {
    field: 'nodeConnectError',
    says: 'EMQX does not accept the API key "key"; it is wrong, disabled or expired',
    settings: { apiKey: 'key', apiSecret: 'wrong' },
  },
  'a token that is never accepted': {
    field: 'nodeConnectError',
    says: 'EMQX does not accept the login token that it has just given to user "admin"',
    handle: answer('/api/v5/nodes', 401, '{"code":"BAD_TOKEN","message":"Get a token by POST /login"}'),
  },
  'a user without the right': {
    field: 'clusterFetchError',
    says: 'EMQX does not let "admin" use the list of nodes; the agent needs the role administrator',
    handle: answer('/api/v5/nodes', 403, '{"code":"UNAUTHORIZED_ROLE","message":"no"}'),
  },
  'a list of nodes that fails': {
    field: 'clusterFetchError',
    says: 'EMQX answered the list of nodes with an error: HTTP 500: error, badarg',
    knobs: { broken: { '/nodes': 500 } },
    cure: { broken: {} },
  },
  'a cluster that fails on 4.4, with HTTP 200': {
    field: 'clusterFetchError',
    says: 'EMQX answered the list of nodes with an error: code 101: badrpc',
    knobs: { generation: 4, version: '4.4.19', broken: { '/nodes': 200 } },
    cure: { broken: {} },
  },
  'an EMQX without nodes': {
    field: 'clusterFetchError',
    says: 'EMQX 5 does not offer the list of nodes',
    knobs: { missing: ['/nodes'] },
    cure: { missing: [] },
  },
  'an answer in another form': {
    field: 'clusterFetchError',
    says: 'EMQX answered the cluster in a form that the agent does not know (unexpected at /self)',
    handle: answer('/api/v5/cluster', 200, '{"name":"emqxcl","nodes":[]}'),
  },
  'an answer that is no JSON on 4.4': {
    field: 'metricsFetchError',
    says: 'EMQX answered the statistics in a form that the agent does not know (no JSON object)',
    knobs: { generation: 4, version: '4.4.19' },
    handle: answer('/api/v4/stats', 200, '<html>'),
  },
  'an expired license': {
    field: 'clusterFetchError',
    says: 'The EMQX license expired on 2024-02-29; EMQX refuses new clients until a new license is uploaded',
    knobs: { license: 'expired' },
    cure: { license: 'official' },
  },
  'an expired license on 4.4': {
    field: 'clusterFetchError',
    says: 'The EMQX license expired on 2024-02-29; EMQX refuses new clients until a new license is uploaded',
    knobs: { generation: 4, version: '4.4.19', license: 'expired' },
    cure: { license: 'official' },
  },
  'figures that fail': {
    field: 'metricsFetchError',
    says: 'EMQX answered the current figures with an error: HTTP 500: error, badarg',
    knobs: { broken: { '/monitor_current': 500 } },
    cure: { broken: {} },
  },
  'rules that fail': {
    field: 'metricsFetchError',
    says: 'EMQX answered the rules with an error: HTTP 500: error, badarg',
    knobs: { broken: { '/rules': 500 } },
    cure: { broken: {} },
  },
  'an exporter that is down': {
    field: 'metricsFetchError',
    says: 'The EMQX exporter at http://127.0.0.1:1 cannot be read: connect ECONNREFUSED 127.0.0.1:1',
    settings: { exporterUrl: 'http://127.0.0.1:1' },
  },
};

const fields: readonly Field[] = ['nodeConnectError', 'clusterFetchError', 'metricsFetchError'];

describe('what an operator reads', () => {
  it.each(Object.entries(cases))('for %s', async (_, { field, says, knobs = {}, settings = {}, handle, cure }) => {
    const node = await emqx(knobs, handle && { handle });
    const { next, observer, lines } = watch(settingsFor(node, { intervalMs: 100, ...settings }));
    const seen = await next();
    const expected = says.replace('<url>', node.dashboardUrl);
    expect(seen[field].slice(0, expected.length)).toBe(expected);
    // One cause stands in one place.
    for (const other of fields) if (other !== field) expect(seen[other]).toBe('');
    expect(observer.status()).toMatchObject({ state: 'failing', reason: seen[field] });
    expect(JSON.stringify([seen, lines])).not.toMatch(/secret|wrong"/);
    // It is logged when it comes, not at every look.
    await next();
    expect(lines.filter(({ message }) => message === seen[field]).length).toBe(1);
    if (cure) Object.assign(node.knobs, cure);
    else observer.apply(settingsFor(await emqx()));
    const well = await next(healthy);
    for (const each of fields) expect(well[each]).toBe('');
    expect(observer.status().state).toBe('healthy');
    expect(observer.status().reason).toBeUndefined();
  });

  it('of a user who may only look, and of the open edition: a notice, no error', async () => {
    const node = await emqx({ role: 'viewer', edition: 'Opensource' });
    const { next, lines } = watch(settingsFor(node));
    const seen = await next(healthy);
    expect(seen.notices).toEqual([
      'EMQX user "admin" is a viewer: the cluster can be watched, but connection limits and settings cannot be changed; register an administrator',
      'This is the open-source edition of EMQX; ECP manages EMQX Enterprise',
    ]);
    await next();
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual(seen.notices);
  });

  it('that keeps failing tells of an EMQX that went away and came back', async () => {
    const node = await emqx();
    const { next, observer } = watch(settingsFor(node, { intervalMs: 100 }));
    await next(healthy);
    await node.stop();
    const gone = await next((seen: Observation) => seen.nodeConnectError !== '');
    expect(gone.nodeConnectError).toMatch(/refuses the connection/);
    expect(gone.nodes).toEqual([]);
    expect(observer.telemetry()).toBeUndefined();
    await node.start();
    await next(healthy);
  });
});

describe('a refused login', () => {
  const logins = (node: { requests: { url: string }[] }) =>
    node.requests.filter(({ url }) => url === '/api/v5/login').length;

  it('is not repeated before its pause is over, whoever asks, and so never locks the user', async () => {
    const node = await emqx({ version: '5.9.0', lockAfter: 5 });
    const { next, observer, clock } = watch(settingsFor(node, { password: 'wrong', intervalMs: 10 }));
    for (let look = 0; look < 20; look++) await next();
    const request = { method: 'GET', path: '/api/v5/nodes', headers: {}, body: undefined };
    const { signal } = new AbortController();
    await expect(observer.gateway.request(request, signal)).rejects.toThrow(/does not accept the password/);
    expect(logins(node)).toBe(1);
    clock.advance(refusalPause - 5000);
    for (let look = 0; look < 5; look++) await next();
    expect(logins(node)).toBe(1);
    clock.advance(5000);
    for (let look = 0; look < 5; look++) await next();
    expect(logins(node)).toBe(2);
    expect(node.knobs.locked).toBe(false);
  });

  it('is tried at once with new settings', async () => {
    const node = await emqx();
    const { next, observer } = watch(settingsFor(node, { password: 'wrong' }));
    await next();
    observer.apply(settingsFor(node, { password: 'public' }));
    expect(healthy(await next())).toBe(true);
    // The same settings again change nothing.
    observer.apply(settingsFor(node, { password: 'public' }));
    await next();
    expect(logins(node)).toBe(2);
  });

  it('of a wrong key is not repeated either', async () => {
    const node = await emqx();
    const { next } = watch(settingsFor(node, { apiKey: 'key', apiSecret: 'wrong', intervalMs: 10 }));
    for (let look = 0; look < 10; look++) await next();
    expect(node.requests.filter(({ headers }) => headers.authorization !== undefined).length).toBe(1);
  });
});

it('an exporter that fails halfway or sends too much is a sentence, too', async () => {
  let mode: 'cut' | 'huge' | 'failing' = 'failing';
  const exporter = createServer((_, response) => {
    if (mode === 'failing') return void response.writeHead(500).end();
    response.write('# half a line');
    if (mode === 'cut') setTimeout(() => response.destroy(), 20);
    else response.end('x'.repeat(5 * 1024 * 1024));
  });
  await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
  atEnd(async () => exporter.close());
  const exporterUrl = `http://127.0.0.1:${(exporter.address() as AddressInfo).port}`;
  const { next } = watch(settingsFor(await emqx(), { exporterUrl, intervalMs: 100 }));
  const says = (reason: string) => `The EMQX exporter at ${exporterUrl} cannot be read: ${reason}`;
  expect((await next()).metricsFetchError).toBe(says('HTTP 500'));
  mode = 'huge';
  expect((await next((seen) => seen.metricsFetchError.includes('sends'))).metricsFetchError).toBe(
    says('it sends more than 4 MiB'),
  );
  mode = 'cut';
  await next((seen) => seen.metricsFetchError.startsWith(says('')) && !/HTTP|sends/.test(seen.metricsFetchError));
});
