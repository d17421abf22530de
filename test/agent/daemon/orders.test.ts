import { expect, it } from 'vitest';
import { fakeEcp, registrationToken } from '../fake-ecp.ts';
import { TestAgent } from '../process.ts';

/** The verbs, and what must hold after each of them whatever came before. */
type Verb = 'start' | 'register' | 'restart' | 'unregister' | 'stop';

const orders: readonly (readonly Verb[])[] = [
  ['start', 'register', 'restart', 'unregister', 'stop'],
  ['register', 'start', 'unregister', 'restart', 'register'],
  ['register', 'restart', 'register', 'stop', 'start'],
  ['unregister', 'stop', 'restart', 'register', 'register'],
];

it.each(orders.map((order) => [order.join(', '), order] as const))('%s', async (_name, order) => {
  const ecp = await fakeEcp();
  const agent = new TestAgent();
  let running = false;
  let registered = false;
  for (const verb of order) {
    const flags = ['--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'];
    const { code, stderr } =
      verb === 'register'
        ? await agent.run(['register', ...flags], { env: { ECP_REGISTRATION_TOKEN: registrationToken } })
        : await agent.run([verb]);
    expect(code, `${verb}: ${stderr}`).toBe(0);
    if (verb === 'start' || verb === 'restart') running = true;
    if (verb === 'stop') running = false;
    if (verb === 'register') registered = true;
    if (verb === 'unregister') registered = false;
    const status = await agent.status();
    expect(status !== undefined, `running after ${verb}`).toBe(running);
    // ECP knows exactly this agent, with one token and no other left behind.
    expect(ecp.tokens.size > 0, `registered after ${verb}`).toBe(registered);
    if (running && registered) {
      const before = ecp.reports.length;
      await agent.until(() => ecp.reports.length > before || agent.part(status, 'report')?.lastSuccess !== undefined);
    }
    if (status) expect(status.registration !== undefined).toBe(registered);
  }
});
