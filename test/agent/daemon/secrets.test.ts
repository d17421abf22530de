import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { emqx } from '../ecp.ts';
import { fakeEcp, handedOut, registrationToken } from '../fake-ecp.ts';
import { TestAgent } from '../process.ts';

/** Every file below the home, and what the program printed. */
function everything(agent: TestAgent, but: RegExp): [string, string][] {
  const files = readdirSync(agent.home, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(agent.home, name)).isFile() && !but.test(name))
    .map((name): [string, string] => [name, readFileSync(join(agent.home, name), 'latin1')]);
  return [...files, ['(printed)', agent.printed]];
}

function expectNone(texts: readonly [string, string][], secrets: readonly string[]): void {
  for (const [name, text] of texts) {
    for (const secret of secrets) {
      for (const spelling of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
        expect(text.includes(spelling), `${spelling} in ${name}:\n${text.slice(0, 2000)}`).toBe(false);
      }
    }
  }
}

it('writes no secret that it was ever given, and forgets them all on unregister', async () => {
  const ecp = await fakeEcp();
  let repeated = registrationToken;
  // A server that repeats in its errors what it was sent, and a broker that does not exist.
  ecp.trouble = (call, response) => {
    if (call !== 'report') return false;
    const words = `token ${[...ecp.tokens].at(-1)} and password ${handedOut.mqtt} are wrong, ${repeated}`;
    response
      .writeHead(500, { 'content-type': 'application/json' })
      .end(JSON.stringify({ code: 10001, message: words }));
    return true;
  };
  ecp.metadata = {
    ...ecp.metadata,
    elasticsearch: { urls: ['http://127.0.0.1:9'], username: 'es', password: handedOut.es, indexName: 'logs' },
    mqtt: { server: 'mqtt://127.0.0.1:9', username: 'm', password: handedOut.mqtt },
    tunnel: { requestTopic: 'q', replyTopic: 'r' },
  };
  const dashboard = 'dash"board päss+1';
  const node = await emqx({ password: 'another' });
  const agent = new TestAgent();
  agent.config('agent: {logger: {level: debug, format: json}}\n');
  const logs = join(agent.home, 'emqx-logs');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(logs);
  writeFileSync(join(logs, 'emqx.log.1'), '2026-11-20T20:24:36.843682+00:00 [error] msg: a\n');
  await agent.run(['start']);
  const registered = await agent.run([
    ...['register', '--url', ecp.url, '--registration-token', registrationToken],
    ...['--emqx-dashboard-username', 'admin', '--emqx-dashboard-password', dashboard],
    ...['--emqx-dashboard-url', node.dashboardUrl, '--emqx-api-key', 'key', '--emqx-api-secret', 'api-key-secret-1'],
    ...['--enable-log', 'True', '--log-dir', logs],
  ]);
  expect(registered.code, registered.stderr).toBe(0);
  expect(registered.stderr).toMatch(/secrets on a command line can be seen by others/);
  await agent.until((status) =>
    ['report', 'emqx', 'tunnel', 'logs'].every((part) => agent.part(status, part)?.state === 'failing'),
  );
  const secrets = [registrationToken, dashboard, 'api-key-secret-1', handedOut.es, handedOut.mqtt, ...ecp.tokens];
  for (const args of [
    ['status'],
    ['status', '-o', 'json'],
    ['health', 'metrics'],
    ['diag', '--file', join(agent.home, 'd.tar.gz')],
  ]) {
    await agent.run(args);
  }
  writeFileSync(join(agent.home, 'diag.txt'), gunzipSync(readFileSync(join(agent.home, 'd.tar.gz'))));
  // The registration token is not kept: after a restart nobody here knows it any more.
  repeated = '';
  agent.kill();
  await agent.run(['start']);
  await agent.until((status) => agent.part(status, 'report')?.state === 'failing');
  // The two files whose purpose is to hold them are the only ones.
  expectNone(everything(agent, /^var\/(registration|metadata)\.json$/), secrets);
  ecp.trouble = undefined;
  expect((await agent.run(['unregister'])).code).toBe(0);
  await agent.run(['stop']);
  expectNone(everything(agent, /^$/), secrets);
  expect(agent.log()).toMatch(/"level":"(warn|error)"/);
});

it('hides secrets of its command line and takes them from file, standard input and environment', async () => {
  const ecp = await fakeEcp();
  const agent = new TestAgent();
  const file = join(agent.home, 'token');
  writeFileSync(file, `${registrationToken}\r\n`);
  const base = ['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9'];
  for (const [args, options] of [
    [['--registration-token-file', file], {}],
    [['--registration-token-file', '-'], { stdin: `${registrationToken}\n` }],
    [[], { env: { ECP_REGISTRATION_TOKEN: registrationToken } }],
    [[`--registration-token=${registrationToken}`], {}],
  ] as const) {
    const { code, stderr } = await agent.call([...base, ...args], options);
    expect(code, stderr).toBe(0);
    expect(/command line can be seen/.test(stderr)).toBe(args.some((arg) => arg.includes(registrationToken)));
  }
  expect(await agent.call(base)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the registration token is needed'),
  });
  const both = await agent.call([...base, '--registration-token-file', '-', '--emqx-dashboard-password-file', '-'], {
    stdin: 'x',
  });
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('standard input can hold one secret') });

  // ECP takes its time, so that the process can be looked at.
  ecp.trouble = (call) => call === 'register';
  const child = agent.spawn([...base, '--registration-token', registrationToken]);
  const { collect } = await import('../process.ts');
  const done = collect(child);
  const shown = () => readFileSync(`/proc/${child.pid}/cmdline`, 'latin1');
  let last = '';
  for (let turn = 0; turn < 200; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    last = shown();
    if (last.startsWith('emqxee-agent register')) break;
  }
  expect(last).toMatch(/^emqxee-agent register/);
  expect(last).not.toContain(registrationToken);
  child.kill('SIGTERM');
  expect((await done).code).toBe(143);
});
