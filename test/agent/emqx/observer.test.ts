import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from 'vitest';
import { Telemetry } from '../../../src/contract/telemetry.ts';
import { createAuthority } from '../../stand-ins/certificates.ts';
import { atEnd, emqx, healthy, settingsFor, watch } from './rig.ts';

const count = (standIn: { requests: { url: string }[] }, url: string) =>
  standIn.requests.filter((request) => request.url.startsWith(url)).length;

describe('the observer of EMQX 5', () => {
  it('sees nodes, cluster, itself and the log directory', async () => {
    const node = await emqx({
      version: '5.8.6',
      nodes: ['emqx@10.0.0.1', 'emqx@10.0.0.2'],
      stopped: ['emqx@10.0.0.2'],
      logDir: '/data/log',
    });
    const { next, observer } = watch(settingsFor(node));
    const seen = await next();
    expect(seen).toMatchObject({
      generation: 5,
      version: '5.8.6',
      edition: 'enterprise',
      self: 'emqx@10.0.0.1',
      logDirectory: '/data/log',
      dashboardEnabled: true,
      nodeConnectError: '',
      clusterFetchError: '',
      metricsFetchError: '',
      notices: [],
    });
    expect(seen.nodes).toEqual([
      { node: 'emqx@10.0.0.1', version: '5.8.6', status: 'running', uptime: expect.any(Number) },
      { node: 'emqx@10.0.0.2', version: '', status: 'stopped', uptime: 0 },
    ]);
    expect(observer.status().state).toBe('healthy');
  });

  it('makes telemetry that the contract allows', async () => {
    const node = await emqx();
    const { next, observer } = watch(settingsFor(node));
    await next();
    const telemetry = observer.telemetry();
    expect([...Value.Errors(Telemetry, telemetry)].slice(0, 3)).toEqual([]);
    expect(telemetry).toMatchObject({
      version: 1,
      agent: 'agent-1',
      generation: 5,
      cluster: 'emqxcl',
      traffic: { connections: 12, received: 94, sent: 70, dropped: 26 },
      stats: { 'sessions.count': 12 },
      license: { expired: false, maxConnections: 1000, expiryAt: '2295-10-27' },
      alarms: [{ name: 'high_system_memory_usage' }, { name: 'connector:http:bad_http' }],
      rules: [
        { id: 'r_good', enabled: true },
        { id: 'r_off', enabled: false },
      ],
      connectors: [
        { id: 'http:bad_http', status: 'disconnected', reason: 'Connection refused' },
        { id: 'http:good_http', status: 'connected' },
      ],
      actions: [{ id: 'http:a_good' }],
      listeners: [{ id: 'ssl:default' }, { id: 'tcp:default', connections: 12 }, {}, {}],
    });
    expect(telemetry?.nodes[0]).toMatchObject({ memoryUsed: Math.round(851.27 * 1024 * 1024), load1: 1.96 });
  });

  it('says which lists are longer than what travels', async () => {
    const rules = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`r${at}`, true]));
    const node = await emqx({ rules });
    const { next, observer } = watch(settingsFor(node));
    await next();
    const telemetry = observer.telemetry();
    expect(telemetry?.rules).toHaveLength(200);
    expect(telemetry?.truncated).toEqual(['rules']);
  });

  it.each(['', '/', '/api/v5', '/api/v5/', '/#/dashboard', '/api'])(
    'takes an address that ends in "%s"',
    async (end) => {
      const node = await emqx();
      const { next } = watch(settingsFor({ dashboardUrl: node.dashboardUrl + end, apiUrl: node.apiUrl + end }));
      expect(healthy(await next())).toBe(true);
    },
  );

  it('finds the log directory in the log configuration where the node has no path for it', async () => {
    const nodes = (log_path: string) =>
      JSON.stringify([{ node: 'emqx@127.0.0.1', node_status: 'running', version: '5.8.6', log_path }]);
    let path = 'log.file.enable is false, not logging to file.';
    const node = await emqx(
      { logDir: '/data/emqx' },
      {
        handle(request, response) {
          if (request.url !== '/api/v5/nodes') return false;
          response.end(nodes(path));
          return true;
        },
      },
    );
    const { next } = watch(settingsFor(node));
    expect((await next()).logDirectory).toBe('/data/emqx');
    path = '/elsewhere/log';
    expect((await next((seen) => seen.logDirectory !== '/data/emqx')).logDirectory).toBe('/elsewhere/log');
  });

  it('finds EMQX below a path, behind a proxy', async () => {
    const node = await emqx(
      {},
      {
        handle(request, response) {
          if (!request.url?.startsWith('/plant/')) return Boolean(response.writeHead(404).end());
          request.url = request.url.slice('/plant'.length);
          return false;
        },
      },
    );
    const url = `${node.dashboardUrl}/plant/api/v5/`;
    const { next } = watch(settingsFor({ dashboardUrl: url, apiUrl: url }));
    expect(healthy(await next())).toBe(true);
  });

  it.each(['5.6.0', '5.7.2', '5.8.9', '5.9.3', '5.10.4', '6.0.1', '6.3.0-beta.2'])(
    'speaks with %s',
    async (version) => {
      const node = await emqx({ version });
      const { next, observer } = watch(settingsFor(node));
      const seen = await next();
      expect(healthy(seen)).toBe(true);
      expect(seen.version).toBe(version);
      expect(observer.telemetry()?.connectors?.length).toBe(2);
    },
  );

  it('finds v5 on the dashboard address when the API address is the one of v4 by default', async () => {
    const node = await emqx();
    const { next } = watch(settingsFor({ dashboardUrl: node.dashboardUrl, apiUrl: 'http://127.0.0.1:1' }));
    expect(healthy(await next())).toBe(true);
  });

  it('works with an API key instead of a user, and never logs in then', async () => {
    const node = await emqx();
    const { next } = watch(
      settingsFor(node, { username: undefined, password: undefined, apiKey: 'key', apiSecret: 'secret' }),
    );
    expect(healthy(await next())).toBe(true);
    expect(count(node, '/api/v5/login')).toBe(0);
  });

  it('uses bridges where there are no connectors, and does without what a release lacks, asked once', async () => {
    const node = await emqx({ license: 'absent', missing: ['/connectors', '/actions'] });
    const { next, observer } = watch(settingsFor(node, { intervalMs: 100 }));
    for (let look = 0; look < 14; look++) await next();
    expect(healthy(observer.status().observation)).toBe(true);
    expect(observer.telemetry()?.connectors).toMatchObject([{ id: 'webhook:a_good' }]);
    expect(observer.telemetry()?.license).toBeUndefined();
    expect(count(node, '/api/v5/license')).toBe(1);
    expect(count(node, '/api/v5/connectors')).toBe(1);
    expect(count(node, '/api/v5/bridges')).toBeGreaterThan(1);
  });

  it('looks for what was missing again after an upgrade', async () => {
    const node = await emqx({ version: '5.6.0', license: 'absent' });
    const { next, observer } = watch(settingsFor(node, { intervalMs: 100 }));
    await next(healthy);
    Object.assign(node.knobs, { version: '5.10.4', license: 'official' });
    await next(() => observer.telemetry()?.license !== undefined);
    expect(observer.status().observation.version).toBe('5.10.4');
  });

  it.each(['timeout', 'unknown'] as const)('logs in again, once, when its token is refused (%s)', async (tokens) => {
    const node = await emqx();
    const { next } = watch(settingsFor(node));
    await next(healthy);
    node.knobs.tokens = tokens;
    await next();
    expect(healthy(await next())).toBe(true);
    expect(count(node, '/api/v5/login')).toBe(2);
  });

  it('reads the Prometheus exporter it is told of', async () => {
    const node = await emqx();
    const text = '# TYPE emqx_up gauge\nemqx_up 1\n';
    const exporter = createServer((request, response) =>
      response.end(request.url === '/metrics' ? text : 'wrong path'),
    );
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    atEnd(async () => exporter.close());
    const exporterUrl = `http://127.0.0.1:${(exporter.address() as AddressInfo).port}`;
    const { next, observer } = watch(settingsFor(node, { exporterUrl }));
    await next(healthy);
    expect(observer.telemetry()?.exporter).toBe(text);
  });
});

describe('the observer of EMQX 4.4', () => {
  const v4 = { generation: 4, version: '4.4.19', nodes: ['emqx@127.0.0.1', 'emqx@127.0.0.2'] } as const;

  it('sees the cluster with the dashboard user on the dashboard address', async () => {
    const node = await emqx({ ...v4, nodes: [...v4.nodes], stopped: ['emqx@127.0.0.2'] });
    const { next } = watch(settingsFor(node));
    const seen = await next();
    expect(seen).toMatchObject({ generation: 4, version: '4.4.19', edition: 'enterprise', self: 'emqx@127.0.0.1' });
    expect(seen.nodes).toEqual([
      {
        node: 'emqx@127.0.0.1',
        version: '4.4.19',
        status: 'running',
        uptime: ((2 * 24 + 19) * 3600 + 41 * 60 + 47) * 1000,
      },
      { node: 'emqx@127.0.0.2', version: '', status: 'stopped', uptime: 0 },
    ]);
    expect(healthy(seen)).toBe(true);
  });

  it('makes telemetry that the contract allows', async () => {
    const node = await emqx({ ...v4, nodes: [...v4.nodes] });
    const { next, observer } = watch(settingsFor(node));
    await next();
    const telemetry = observer.telemetry();
    expect([...Value.Errors(Telemetry, telemetry)].slice(0, 3)).toEqual([]);
    expect(telemetry).toMatchObject({
      generation: 4,
      traffic: { connections: 24, received: 94 },
      license: { expired: false, expiryAt: '2295-10-27' },
      connectors: [
        { id: 'resource:bad', status: 'disconnected' },
        { id: 'resource:good', status: 'connected' },
      ],
      rules: [{ id: 'rule:a3d2d892', enabled: true, matched: 266 }],
      alarms: [{ name: 'high_system_memory_usage', activatedAt: 1_795_207_090_889 }],
    });
  });

  it.each(['4.4.6', '4.4.19', '4.4.25'])('speaks with %s', async (version) => {
    const node = await emqx({ ...v4, nodes: ['emqx@127.0.0.1'], version });
    const { next } = watch(settingsFor(node));
    expect(healthy(await next())).toBe(true);
  });

  it('counts the rates itself where EMQX does not say them', async () => {
    const node = await emqx({ ...v4, nodes: ['emqx@127.0.0.1'], edition: 'Opensource' });
    const { next, observer, clock } = watch(settingsFor(node));
    await next();
    expect(observer.telemetry()?.traffic?.received).toBeUndefined();
    clock.advance(10_000);
    await next(() => observer.telemetry()?.traffic?.received !== undefined);
    expect(count(node, '/api/v4/monitor/current_metrics')).toBe(1);
    expect(count(node, '/api/v4/license')).toBe(2);
  });

  it('works with AppID and AppSecret on the management address', async () => {
    const node = await emqx({ ...v4, nodes: ['emqx@127.0.0.1'] });
    const { next } = watch(settingsFor(node, { apiKey: 'key', apiSecret: 'secret' }));
    expect(healthy(await next())).toBe(true);
  });
});

describe('over TLS', () => {
  it('trusts the CA it is given, and says so when it trusts nobody', async () => {
    const authority = createAuthority();
    const node = await emqx({}, { tls: authority.issue('emqx') });
    const { next, observer } = watch(settingsFor(node));
    expect((await next()).nodeConnectError).toMatch(
      /^The TLS certificate of EMQX at https:\/\/127\.0\.0\.1:\d+ is not trusted: .+; give the agent its CA certificate$/,
    );
    observer.apply(settingsFor(node, { ca: authority.cert }));
    expect(healthy(await next())).toBe(true);
    observer.apply(settingsFor(node, { insecure: true }));
    expect(healthy(await next())).toBe(true);
  });
});
