import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWatchdog } from '../../../agent/service/watchdog.ts';
import { fakeEcp, registrationToken } from '../fake-ecp.ts';
import { atEnd, pause, TestAgent } from '../process.ts';

describe('the watchdog', () => {
  it('is fed from the loop, at a third of its time', async () => {
    const said: string[][] = [];
    let now = 0;
    const watchdog = createWatchdog(
      { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '60000000' },
      () => now,
      async (args) => {
        said.push([...args]);
        return true;
      },
    );
    await watchdog.ready();
    for (now = 0; now <= 60_000; now += 2000) {
      watchdog.turned();
      await pause(0);
    }
    await watchdog.stopping();
    const fed = said.filter((words) => words[0] === 'WATCHDOG=1').length;
    expect([said[0]?.[0], fed, said.at(-1)?.[0]]).toEqual(['--ready', 3, 'STOPPING=1']);
  });

  it.each([
    [{}, 0],
    [{ NOTIFY_SOCKET: '/x' }, 2],
    [{ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' }, 2],
  ])('with %j says %i things', async (env, count) => {
    let said = 0;
    const watchdog = createWatchdog(
      env,
      () => Date.now(),
      async () => ++said > 0,
    );
    await watchdog.ready();
    for (let turn = 0; turn < 5; turn++) {
      watchdog.turned();
      await pause(2);
    }
    await watchdog.stopping();
    expect(said).toBe(count);
  });
});

/** A systemd-notify that writes down what it is told. */
function fakeNotify(agent: TestAgent): Record<string, string> {
  const bin = join(agent.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${agent.home}/notified\n`);
  chmodSync(join(bin, 'systemd-notify'), 0o755);
  return { PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '900000' };
}

describe('a service', () => {
  it('is ready, fed and stopping, not registered and with ECP down alike', async () => {
    const agent = new TestAgent();
    const child = agent.spawn(['run'], fakeNotify(agent));
    atEnd(() => child.kill('SIGKILL'));
    const notified = () => agent.read('notified').trim().split('\n');
    const fed = () => notified().filter((line) => line === 'WATCHDOG=1').length;
    const untilFed = async (count: number) => {
      for (let turn = 0; turn < 200 && fed() < count; turn++) await pause(50);
      expect(fed()).toBeGreaterThanOrEqual(count);
    };
    await untilFed(1);
    expect(notified()[0]).toBe('--ready');
    const ecp = await fakeEcp();
    await agent.run(['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'], {
      env: { ECP_REGISTRATION_TOKEN: registrationToken },
    });
    await ecp.stop();
    await untilFed(fed() + 2);
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    expect(notified().at(-1)).toBe('STOPPING=1');
  });

  it('starves when its loop does not turn', async () => {
    const agent = new TestAgent();
    const child = agent.spawn(['run'], fakeNotify(agent));
    atEnd(() => child.kill('SIGKILL'));
    for (let turn = 0; turn < 200 && agent.read('notified') === ''; turn++) await pause(50);
    child.kill('SIGSTOP');
    await pause(300);
    const before = agent.read('notified');
    await pause(1500);
    expect(agent.read('notified')).toBe(before);
    child.kill('SIGCONT');
  });

  it('speaks to a real notification socket', async ({ skip }) => {
    for (const tool of ['systemd-notify', 'python3']) {
      try {
        execFileSync(tool, ['--version'], { stdio: 'ignore' });
      } catch {
        skip(`${tool} is not installed`);
      }
    }
    const agent = new TestAgent();
    const socket = join(agent.home, 'notify');
    const script = `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('bound',flush=True)
while True: print(s.recv(4096).decode().replace('\\n',' '),flush=True)`;
    const listener = spawn('python3', ['-c', script, socket]);
    atEnd(() => listener.kill('SIGKILL'));
    let heard = '';
    listener.stdout.on('data', (chunk: Buffer) => {
      heard += chunk;
    });
    for (let turn = 0; turn < 200 && !heard.includes('bound'); turn++) await pause(50);
    const child = agent.spawn(['run'], { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '900000' });
    atEnd(() => child.kill('SIGKILL'));
    for (let turn = 0; turn < 200 && !/READY=1[\s\S]*WATCHDOG=1/.test(heard); turn++) await pause(50);
    expect(heard).toMatch(/READY=1[\s\S]*WATCHDOG=1/);
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    for (let turn = 0; turn < 40 && !heard.includes('STOPPING=1'); turn++) await pause(50);
    expect(heard).toContain('STOPPING=1');
  });
});
