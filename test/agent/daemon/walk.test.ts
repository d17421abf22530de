import { expect, it } from 'vitest';
import { ecp, emqx } from '../ecp.ts';
import { TestAgent } from '../process.ts';

it('starts first, registers after, reports the nodes of EMQX, and is gone after unregister', async () => {
  const server = await ecp();
  const node = await emqx();
  const cluster = await server.cluster();
  const agent = new TestAgent();
  expect((await agent.run(['start'])).code).toBe(0);
  const registered = await agent.run([
    ...['register', '--url', server.url, '--registration-token', cluster.token],
    ...['--emqx-dashboard-username', 'admin', '--emqx-dashboard-password', 'public'],
    ...['--emqx-dashboard-url', node.dashboardUrl, '--emqx-api-url', node.apiUrl],
  ]);
  expect(registered).toMatchObject({ code: 0 });
  const status = await agent.until((one) => one.nodes.length > 0 && agent.part(one, 'report')?.state === 'healthy');
  expect(status.nodes).toMatchObject([{ node: 'emqx@127.0.0.1', version: '5.8.6' }]);
  expect(status.registration).toMatchObject({ clusterId: cluster.id, url: server.url });
  expect(await cluster.agents()).toMatchObject([{ nodeId: status.nodeId }]);
  expect((await agent.run(['unregister'])).code).toBe(0);
  expect(await cluster.agents()).toEqual([]);
  expect((await agent.status())?.state).toBe('unregistered');
  expect((await agent.run(['stop'])).code).toBe(0);
  expect((await agent.run(['status'])).code).toBe(3);
});
