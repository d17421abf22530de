import { Value } from '@sinclair/typebox/value';
import { expect, it } from 'vitest';
import type { Report } from '../../../src/contract/agent.ts';
import { Telemetry } from '../../../src/contract/telemetry.ts';
import type { EmqxStandIn } from '../../stand-ins/emqx/server.ts';
import { emqx } from '../emqx/rig.ts';
import { type FakeEcp, fakeEcp, handedOut, registrationToken } from '../fake-ecp.ts';
import { TestAgent } from '../process.ts';
import { startRequester } from './requester.ts';
import { atEnd, broker, until } from './rig.ts';

const quick = 'agent:\n  heartbeat: {interval: 1s}\n  monitoring: {interval: 1s}\n  logger: {level: info}\n';
const topicsOf = (n: number) => ({ request: `requests/${n}`, reply: `replies/${n}` });

/** A real agent process, started and registered, with an ECP, topics and an EMQX node of its own. */
async function agent(n: number, brokerUrl: string, node: EmqxStandIn): Promise<{ agent: TestAgent; ecp: FakeEcp }> {
  const ecp = await fakeEcp();
  const { request, reply } = topicsOf(n);
  ecp.metadata = {
    ...ecp.metadata,
    mqtt: { server: brokerUrl, username: `agent-${n}`, password: handedOut.mqtt },
    tunnel: { requestTopic: request, replyTopic: reply, telemetryTopic: `telemetry/${n}` },
  };
  const started = new TestAgent();
  started.config(quick);
  expect(await started.run(['start'])).toMatchObject({ code: 0 });
  const registered = await started.run([
    ...['register', '--url', ecp.url, '--registration-token', registrationToken],
    ...['--emqx-dashboard-username', 'admin', '--emqx-dashboard-password', 'public'],
    ...['--emqx-dashboard-url', node.dashboardUrl, '--emqx-api-url', node.apiUrl],
  ]);
  expect(registered).toMatchObject({ code: 0 });
  return { agent: started, ecp };
}

const errorsOf = ({ nodeConnectError, clusterFetchError, metricsFetchError, mqttConnectError }: Report) => ({
  nodeConnectError,
  clusterFetchError,
  metricsFetchError,
  mqttConnectError,
});

const none = { nodeConnectError: '', clusterFetchError: '', metricsFetchError: '', mqttConnectError: '' };

/** Waits for a report that came after now and says this. */
async function reported(ecp: FakeEcp, wanted: Partial<typeof none>): Promise<void> {
  const from = ecp.reports.length;
  const good = (report: Report) => JSON.stringify(errorsOf(report)) === JSON.stringify({ ...none, ...wanted });
  try {
    await until(() => ecp.reports.slice(from).some(good), 15_000);
  } catch {
    expect(errorsOf(ecp.reports.at(-1) as Report)).toEqual({ ...none, ...wanted });
  }
}

it('two real agents on two nodes of one cluster: each reports the cluster and carries to its own node', async () => {
  const between = await broker();
  const names = ['emqx@n1', 'emqx@n2'];
  const nodes = [await emqx({ nodes: names }), await emqx({ nodes: [...names].reverse() })];
  const [one, two] = await Promise.all(nodes.map((node, n) => agent(n + 1, between.url, node)));
  if (!one || !two) throw new Error('unreachable');
  const requesters = await Promise.all([1, 2].map((n) => startRequester(between.url, topicsOf(n))));
  for (const requester of requesters) atEnd(() => requester.end());
  const [first, second] = requesters;
  if (!first || !second) throw new Error('unreachable');
  await Promise.all([reported(one.ecp, {}), reported(two.ecp, {})]);
  for (const { ecp } of [one, two]) {
    expect(
      ecp.reports
        .at(-1)
        ?.clusterNodes.map(({ node }) => node)
        .sort(),
    ).toEqual(names);
  }
  const selfOf = async (requester: typeof first) =>
    JSON.parse(await (await requester.ask({ path: '/api/v5/cluster' })).text()).self;
  expect(await Promise.all([selfOf(first), selfOf(second)])).toEqual(names);

  // Nothing that leads elsewhere passes, and nothing of ECP's own.
  const before = nodes[0]?.requests.length;
  for (const path of ['/../etc', '//evil.example/', '/api/v5/%252e%252e/x', '/api/v5/..;/x', 'http://evil.example/']) {
    await expect(first.ask({ path })).rejects.toMatchObject({ code: 'refused' });
  }
  await first.ask({ path: '/from-ecp', headers: { authorization: 'Bearer ecp-secret', cookie: 'ecp=1' } });
  const seen = nodes[0]?.requests.slice(before).filter(({ url }) => !url.startsWith('/api/v5/'));
  expect(seen?.map(({ url }) => url)).toEqual(['/from-ecp']);
  expect(JSON.stringify(nodes[0]?.requests)).not.toMatch(/ecp-secret|ecp=1/);

  for (const n of [1, 2]) {
    await until(() => between.messages.some(({ topic }) => topic === `telemetry/${n}`));
    const sent = between.messages.findLast(({ topic }) => topic === `telemetry/${n}`);
    const telemetry: unknown = JSON.parse(String(sent?.payload));
    expect([...Value.Errors(Telemetry, telemetry)].slice(0, 3)).toEqual([]);
    expect(telemetry).toMatchObject({ self: `emqx@n${n}`, nodes: [{}, {}] });
  }

  // One is killed in the middle of a request: its requester knows at once, the other agent does not care.
  if (nodes[0]) nodes[0].knobs.delayMs = 60_000;
  const asked = first.ask({ path: '/hang' }).catch((error: unknown) => error);
  await until(() => nodes[0]?.requests.some(({ url }) => url === '/hang') === true);
  one.agent.kill();
  expect(await asked).toMatchObject({ code: 'cut' });
  expect(await selfOf(second)).toBe('emqx@n2');
  if (nodes[0]) nodes[0].knobs.delayMs = 0;
  expect(await one.agent.run(['start'])).toMatchObject({ code: 0 });
  await one.agent.until((status) => one.agent.part(status, 'tunnel')?.state === 'healthy');
  expect(await selfOf(first)).toBe('emqx@n1');

  for (const { agent: each } of [one, two]) {
    expect((await each.run(['stop'])).code).toBe(0);
    expect(each.log() + each.printed).not.toMatch(/mqtt-password-secret|"public"|password=public/);
  }
});

it('a real agent reports each trouble in its field, and takes it back when it passes', async () => {
  const between = await broker();
  const node = await emqx();
  const { agent: one, ecp } = await agent(1, between.url, node);
  await reported(ecp, {});

  await node.stop();
  await reported(ecp, {
    nodeConnectError: `EMQX at ${node.dashboardUrl} refuses the connection; check that it is running and that this is the address of its dashboard`,
  });
  await node.start();
  node.knobs.broken = { '/nodes': 500 };
  await reported(ecp, { clusterFetchError: 'EMQX answered the list of nodes with an error: HTTP 500: error, badarg' });

  node.knobs.broken = { '/monitor_current': 500 };
  const port = Number(new URL(between.url).port);
  await between.stop();
  await reported(ecp, {
    metricsFetchError: 'EMQX answered the current figures with an error: HTTP 500: error, badarg',
    mqttConnectError: `The MQTT broker at ${between.url} refuses the connection; check that ECP is running and the port is open`,
  });
  node.knobs.broken = {};
  await broker({ port });
  await reported(ecp, {});
  expect((await one.run(['stop'])).code).toBe(0);
});
