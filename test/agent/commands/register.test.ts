import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emqx } from '../ecp.ts';
import { fakeEcp, registrationToken } from '../fake-ecp.ts';
import { TestAgent } from '../process.ts';

const env = { ECP_REGISTRATION_TOKEN: registrationToken };
const registration = (agent: TestAgent) => JSON.parse(agent.read('var/registration.json')) as Record<string, unknown>;

describe('register', () => {
  it('needs two flags alone, reports what it cannot reach, and exits with 6 when that is asked for', async () => {
    const ecp = await fakeEcp();
    const agent = new TestAgent();
    await agent.run(['start']);
    const two = await agent.run(['register', '--url', ecp.url, '--registration-token', registrationToken]);
    expect(two.code).toBe(0);
    expect(two.stderr).toMatch(/warning: .*127\.0\.0\.1:18083/);
    expect(registration(agent).emqx).toEqual({
      dashboardUrl: 'http://127.0.0.1:18083',
      apiUrl: 'http://127.0.0.1:18083',
    });
    await agent.until(() => ecp.reports.some((report) => report.nodeConnectError.includes('127.0.0.1:18083')));
    expect((await agent.run(['status'])).code).toBe(4);
    expect((await agent.run(['register', '--strict', '--url', ecp.url], { env })).code).toBe(6);
    expect(registration(agent).token).toBe([...ecp.tokens].at(-1));
  });

  it.each([
    [['--enableLog', 'True', '--logDir', 'DIR'], true],
    [['--enable-log=true', '--log-dir=DIR'], true],
    [['--enableLog=False', '--logDir=DIR'], false],
    [['--enable-log', 'false', '--log-dir', 'DIR'], false],
    [['--log-dir', 'DIR'], true],
    [['--enable-log'], true],
    [[], false],
  ])('understands %j', async (flags, enabled) => {
    const ecp = await fakeEcp();
    const agent = new TestAgent();
    const dir = join(agent.home, 'logs');
    const args = flags.map((flag) => flag.replace('DIR', dir));
    const { code, stderr } = await agent.call(
      ['register', '--url', `${ecp.url}/api`, '--emqx-dashboard-url=http://127.0.0.1:9', ...args],
      { env },
    );
    expect(code, stderr).toBe(0);
    expect(registration(agent).logs).toEqual({
      enabled,
      ...(flags.some((flag) => flag.includes('DIR')) && { directory: dir }),
    });
  });

  it.each([
    ['a wrong token', [], { ECP_REGISTRATION_TOKEN: 'wrong' }, 3, 'ECP refused the registration token'],
    [
      'an ECP that is down',
      ['--url', 'http://127.0.0.1:9'],
      env,
      6,
      'cannot reach http://127.0.0.1:9: connection refused',
    ],
    ['no address', ['--url', ''], env, 2, 'the address of ECP is needed'],
    ['an address that is none', ['--url', 'ecp'], env, 2, '--url: '],
    ['an EMQX address that is none', ['--emqx-api-url', 'ftp://x'], env, 2, '--emqx-api-url: "ftp://x" is no http'],
    ['an unknown flag', ['--emqx-dashbord-url', 'http://x'], env, 2, 'unknown option "--emqx-dashbord-url"'],
    ['a missing CA', ['--ca-file', '/nosuch'], env, 78, 'cannot use /nosuch'],
    ['a half API key', ['--emqx-api-key', 'k'], env, 2, "the API key's secret is needed"],
    ['a word for a switch', ['--enable-log', 'maybe'], env, 2, '"maybe" is neither true nor false'],
  ])('refuses %s and changes nothing', async (_case, flags, given, code, words) => {
    const ecp = await fakeEcp();
    const agent = new TestAgent();
    const args = ['register', '--emqx-dashboard-url', 'http://127.0.0.1:9'];
    await agent.call([...args, '--url', ecp.url], { env });
    const before = agent.read('var/registration.json');
    const result = await agent.call([...args, ...(flags.includes('--url') ? [] : ['--url', ecp.url]), ...flags], {
      env: given,
    });
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).toContain(words);
    expect(result.stderr).not.toContain(' at ');
    expect(agent.read('var/registration.json')).toBe(before);
  });

  it('tries everything in a dry run and changes nothing', async () => {
    const ecp = await fakeEcp();
    const node = await emqx();
    const agent = new TestAgent();
    const logs = join(agent.home, 'logs');
    mkdirSync(logs);
    const args = [
      'register',
      '--dry-run',
      '--url',
      ecp.url,
      '--emqx-dashboard-url',
      node.dashboardUrl,
      '--log-dir',
      logs,
    ];
    const secrets = { ...env, EMQX_DASHBOARD_USERNAME: 'admin', EMQX_DASHBOARD_PASSWORD: 'public' };
    const empty = await agent.run(args, { env: secrets });
    expect(empty).toMatchObject({ code: 6, stderr: expect.stringContaining(`there are no log files in ${logs} yet`) });
    writeFileSync(join(logs, 'emqx.log.1'), 'x\n');
    for (const running of [false, true]) {
      if (running) await agent.run(['start']);
      const good = await agent.run(args, { env: secrets });
      expect(good.code, good.stderr).toBe(0);
      expect(good.stderr).toMatch(/ECP answers at .*\nEMQX 5\.8\.6 answers, 1 node\(s\)\n1 log file\(s\) in/);
      const wrong = await agent.run(args, { env: { ...secrets, EMQX_DASHBOARD_PASSWORD: 'wrong' } });
      expect(wrong.code).toBe(6);
      expect(agent.read('var/registration.json')).toBe('');
      expect(ecp.calls).not.toContain('register');
    }
  });

  it('replaces a registration: at the same cluster nothing is taken back, at another ECP the agent leaves the old one', async () => {
    const first = await fakeEcp();
    const second = await fakeEcp();
    const agent = new TestAgent();
    const to = (ecp: { url: string }) => ['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'];
    await agent.run(['start']);
    await agent.run(to(first), { env });
    await agent.run(to(first), { env });
    expect(first.calls).not.toContain('unregister');
    await agent.run(to(second), { env });
    expect(first.calls).toContain('unregister');
    await agent.until(() => second.reports.length > 0);
    first.metadata = { ...first.metadata, clusterId: 'cluster-0002' };
    await second.stop();
    // The old one cannot be told; that must not be in the way.
    expect((await agent.run(to(first), { env })).code).toBe(0);
    expect((await agent.until((status) => status.registration?.url === first.url)).registration?.clusterId).toBe(
      'cluster-0002',
    );
  });

  it('speaks Chinese and JSON', async () => {
    const agent = new TestAgent();
    const args = ['register', '--url', 'http://127.0.0.1:9'];
    const chinese = await agent.run([...args, '--lang', 'zh'], { env });
    expect(chinese.stderr).toContain('无法连接 http://127.0.0.1:9：连接被拒绝');
    await agent.run(['start']);
    expect((await agent.run([...args, '--lang', 'zh'], { env })).stderr).toContain(
      '无法连接 http://127.0.0.1:9：连接被拒绝',
    );
    const json = await agent.run([...args, '-o', 'json'], { env });
    expect(json.stdout).toBe('');
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'unreachable', exit: 6 } });
  });
});

describe('unregister', () => {
  it('keeps the registration when ECP cannot be told, unless it is forced', async () => {
    const ecp = await fakeEcp();
    const agent = new TestAgent();
    await agent.run(['start']);
    await agent.call(['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'], { env });
    await ecp.stop();
    const refused = await agent.run(['unregister']);
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('--force') });
    expect(agent.read('var/registration.json')).not.toBe('');
    expect((await agent.run(['unregister', '--force'])).code).toBe(0);
    expect(agent.read('var/registration.json')).toBe('');
    expect((await agent.status())?.state).toBe('unregistered');
  });

  it('is done where ECP has deleted the agent before', async () => {
    const ecp = await fakeEcp();
    const agent = new TestAgent();
    await agent.call(['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'], { env });
    ecp.tokens.clear();
    expect((await agent.run(['unregister'])).code).toBe(0);
    expect(agent.read('var/registration.json')).toBe('');
  });
});
