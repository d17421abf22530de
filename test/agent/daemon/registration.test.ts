import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { identify } from '../../../agent/service/pidfile.ts';
import { emqx } from '../emqx/rig.ts';
import { fakeEcp, registrationToken } from '../fake-ecp.ts';
import { pause, TestAgent } from '../process.ts';

const env = { ECP_REGISTRATION_TOKEN: registrationToken };
const args = (ecp: { url: string }) => ['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'];

it('stops reporting when ECP has deleted the agent, says so, and register resumes', async () => {
  const ecp = await fakeEcp();
  const agent = new TestAgent();
  agent.config('agent: {heartbeat: {interval: 1s}}\n');
  await agent.run(['start']);
  await agent.run(args(ecp), { env });
  ecp.tokens.clear();
  const status = await agent.until((one) => agent.part(one, 'report')?.state === 'failing');
  expect(agent.part(status, 'report')?.reason).toMatch(/deleted there or registered again; register it anew/);
  await pause(200);
  const before = ecp.calls.length;
  await pause(2500);
  expect(ecp.calls.length).toBe(before);
  // A restart does not make it hammer ECP either: one try, one refusal.
  await agent.run(['restart']);
  await agent.until((one) => agent.part(one, 'report')?.state === 'failing');
  await pause(1500);
  expect(ecp.calls.length - before).toBeLessThanOrEqual(2);
  await agent.run(args(ecp), { env });
  await agent.until((one) => agent.part(one, 'report')?.state === 'healthy');
});

it('goes on after a restart while ECP is down, with what ECP said before', async () => {
  const ecp = await fakeEcp();
  ecp.metadata = {
    ...ecp.metadata,
    elasticsearch: { urls: ['http://127.0.0.1:9'], username: 'e', password: 'p', indexName: 'logs' },
  };
  const agent = new TestAgent();
  const logs = join(agent.home, 'emqx');
  mkdirSync(logs);
  await agent.run(['start']);
  await agent.run([...args(ecp), '--log-dir', logs], { env });
  await ecp.stop();
  agent.kill();
  await agent.run(['start']);
  const status = await agent.until((one) => agent.part(one, 'report')?.state === 'failing');
  expect(status.registration?.clusterId).toBe('cluster-0001');
  expect(agent.part(status, 'report')?.reason).toMatch(/^cannot reach .*connection refused$/);
  expect(agent.part(status, 'logs')?.state).not.toBe('off');
  await ecp.start();
  await agent.until((one) => agent.part(one, 'report')?.state === 'healthy', 20_000);
});

it('says in words that logs cannot be read', async () => {
  const ecp = await fakeEcp();
  ecp.metadata = {
    ...ecp.metadata,
    elasticsearch: { urls: ['http://127.0.0.1:9'], username: 'e', password: 'p', indexName: 'logs' },
  };
  const agent = new TestAgent();
  await agent.run(['start']);
  const missing = join(agent.home, 'nosuch');
  const registered = await agent.run([...args(ecp), '--log-dir', missing], { env });
  expect(registered).toMatchObject({ code: 0, stderr: expect.stringContaining(`logs cannot be read: ENOENT`) });
  const status = await agent.until((one) => agent.part(one, 'logs')?.state === 'failing');
  expect(agent.part(status, 'logs')?.reason).toContain(missing);
  await agent.until(() => ecp.reports.at(-1)?.logsFetchError.includes(missing) === true);
});

it('leaves nothing of an agent with a home of its own after uninstall --purge', async () => {
  const ecp = await fakeEcp();
  const agent = new TestAgent();
  await agent.run(['start']);
  await agent.run(args(ecp), { env });
  const { pid } = agent;
  expect((await agent.run(['uninstall'])).code).toBe(0);
  expect(agent.read('var/registration.json')).not.toBe('');
  const purged = await agent.run(['uninstall', '--purge']);
  expect(purged.code, purged.stderr).toBe(0);
  expect(existsSync(agent.home)).toBe(false);
  expect(pid === undefined ? undefined : identify(pid)).toBeUndefined();
  expect(ecp.tokens.size).toBe(0);
  expect((await agent.run(['uninstall', '--purge'])).code).toBe(0);
});

it('status shows what an operator should know of EMQX although nothing fails', async () => {
  const ecp = await fakeEcp();
  const node = await emqx({ role: 'viewer' });
  const agent = new TestAgent();
  agent.config('agent: {monitoring: {interval: 1s}}\n');
  await agent.run(['start']);
  const password = { EMQX_DASHBOARD_USERNAME: 'admin', EMQX_DASHBOARD_PASSWORD: 'public' };
  const to = ['register', '--url', ecp.url, '--emqx-dashboard-url', node.dashboardUrl];
  expect(await agent.run(to, { env: { ...env, ...password } })).toMatchObject({ code: 0 });
  const { notices } = await agent.until((one) => one.notices.length > 0);
  expect(notices).toEqual([expect.stringContaining('is a viewer')]);
  const { stdout } = await agent.call(['status']);
  expect(stdout).toMatch(/^Note: EMQX user "admin" is a viewer: /m);
  expect((await agent.call(['status', '--lang', 'zh'])).stdout).toMatch(/^注意：EMQX user "admin"/m);
});
