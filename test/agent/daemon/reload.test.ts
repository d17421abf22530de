import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import { ecp, emqx } from '../ecp.ts';
import { pause, TestAgent } from '../process.ts';

const yaml = (more: string) => `agent:\n  logger: {level: info}\n${more}`;

describe('agent.yaml of a running agent', () => {
  it('takes effect on change and SIGHUP, under load, without dropping the tunnel or a record', async () => {
    const server = await ecp();
    const agent = new TestAgent();
    const logs = join(agent.home, 'emqx');
    mkdirSync(logs);
    const node = await emqx({ logDir: logs });
    const cluster = await server.cluster();
    agent.config(yaml('  heartbeat: {interval: 1s}\n'));
    await agent.run(['start']);
    const writer = new EmqxLogWriter({ directory: logs, fileBytes: 50_000_000, files: 3 });
    await agent.run(
      ['register', '--url', server.url, '--emqx-dashboard-url', node.dashboardUrl, '--enable-log', 'True'],
      {
        env: {
          ECP_REGISTRATION_TOKEN: cluster.token,
          EMQX_DASHBOARD_USERNAME: 'admin',
          EMQX_DASHBOARD_PASSWORD: 'public',
        },
      },
    );
    const healthy = await agent.until((status) =>
      ['tunnel', 'logs'].every((part) => agent.part(status, part)?.state === 'healthy'),
    );
    const changes = [
      '  logs: {gzip: false}\n',
      '  heartbeat: {interval: 2s}\n  monitoring: {interval: 3s}\n',
      '  logs: {include: ["emqx.log"], redact: ["password=\\\\S+"]}\n',
      '  logs: {gzip: true}\n',
    ];
    for (const [turn, change] of changes.entries()) {
      agent.config(yaml(change));
      if (turn % 2 === 0) process.kill(agent.pid ?? 0, 'SIGHUP');
      for (let burst = 0; burst < 5; burst++) {
        writer.write(450);
        await pause(100);
      }
    }
    const sent = writer.seq;
    const status = await agent.until(
      (one) => one.logs?.files[0]?.size === writer.bytes && one.logs.files[0].acknowledged === writer.bytes,
    );
    expect(agent.part(status, 'tunnel')).toMatchObject({
      state: 'healthy',
      since: agent.part(healthy, 'tunnel')?.since,
    });
    expect(agent.part(status, 'config')?.state).toBe('healthy');
    expect(agent.log().match(/settings reloaded/g)?.length).toBeGreaterThanOrEqual(2);
    // What ECP has is what was written: none missing, none twice.
    expect(sent).toBe(9000);
    expect(await server.records(cluster.id)).toBe(sent);
  });

  it('stays in force where the new one is wrong, which status and report say, until it is mended', async () => {
    const agent = new TestAgent();
    agent.config(yaml(''));
    expect((await agent.run(['start'])).code).toBe(0);
    agent.config('agent:\n  logger:\n    levle: debug\n');
    const status = await agent.until((one) => one.state === 'degraded');
    expect(agent.part(status, 'config')?.reason).toMatch(
      /agent\.yaml: line 3: agent\.logger\.levle is not a setting; allowed here: mode, /,
    );
    expect((await agent.run(['status'])).code).toBe(4);
    expect(agent.log()).toContain('settings not reloaded, the former ones stay');
    agent.config(yaml('  logs: {}\n'));
    await agent.until((one) => one.state === 'unregistered');
  });

  it('opens, moves and closes the health port', async () => {
    const agent = new TestAgent();
    agent.config('agent: {health: {listen: "127.0.0.1:1"}}\n');
    await agent.run(['start']);
    const ports = [20_000 + (process.pid % 10_000), 20_001 + (process.pid % 10_000)] as const;
    const answers = (port: number) =>
      fetch(`http://127.0.0.1:${port}/live`).then(
        (answer) => answer.status === 200,
        () => false,
      );
    for (const port of ports) {
      agent.config(`agent: {health: {listen: "127.0.0.1:${port}"}}\n`);
      for (let turn = 0; turn < 100 && !(await answers(port)); turn++) await pause(50);
      expect(await answers(port)).toBe(true);
    }
    expect(await answers(ports[0])).toBe(false);
  });
});

describe('a start', () => {
  it.each([
    [
      'a wrong agent.yaml',
      'etc/agent.yaml',
      'agent: {logger: {level: loud}}',
      78,
      'line 1: agent.logger.level must be one of debug, info, warn, error, not "loud"',
    ],
    ['a damaged registration', 'var/registration.json', '{"version":1', 78, 'registration.json is damaged: not JSON'],
    ['a damaged id', 'var/identity.json', '', 78, 'identity.json is damaged: not JSON'],
    ['a log that cannot be written', 'log', 'a file in the way', 78, 'cannot use '],
    ['a directory that cannot be made', 'var', 'a file in the way', 78, 'cannot use '],
  ])('with %s ends with one clear line and changes nothing', async (_case, path, content, code, words) => {
    const agent = new TestAgent();
    agent.write(path, content);
    // In the foreground the log is the console.
    for (const verb of path === 'log' ? ['start'] : ['start', 'run']) {
      const result = await agent.run([verb]);
      expect(result.code, result.stderr).toBe(code);
      expect(result.stderr).toContain(words);
      expect(result.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
      expect(agent.read(path)).toBe(content);
    }
    expect((await agent.run(['status'])).code).toBe(3);
  });

  it('is refused while another agent has the home, and a stale pid file is no agent', async () => {
    const agent = new TestAgent();
    await agent.run(['start']);
    const { pid } = agent;
    expect(await agent.run(['run'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`already running (pid ${pid})`),
    });
    expect(await agent.run(['start'])).toMatchObject({ code: 0, stderr: expect.stringContaining(`${pid}`) });
    agent.kill();
    expect(agent.pid).toBe(pid);
    expect((await agent.run(['status'])).code).toBe(3);
    expect((await agent.run(['start'])).code).toBe(0);
    expect(agent.pid).not.toBe(pid);
    expect((await agent.status())?.pid).toBe(agent.pid);
  });

  it('in many at once leaves one agent', async () => {
    const agent = new TestAgent();
    agent.write('run/agent.pid', `${process.pid}\n1@stale\n`);
    const results = await Promise.all(Array.from({ length: 4 }, () => agent.run(['start'])));
    expect(results.some(({ code }) => code === 0)).toBe(true);
    expect(results.every(({ code }) => code === 0 || code === 5)).toBe(true);
    expect((await agent.status())?.pid).toBe(agent.pid);
    await agent.run(['stop']);
    expect((await agent.run(['status'])).code).toBe(3);
  });
});
