import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { targets } from '../../scripts/agent-file/targets.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import { dist, root } from './built.ts';
import { Machine, said } from './machine.ts';

const target = targets.find((each) => each.native === process.arch);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  while (ends.length > 0) await ends.pop()?.();
});

it('the published lines, word for word, end in a running cluster and shipped logs', async (context) => {
  if (!target) return context.skip(`no file for ${process.arch}`);
  const machine = await Machine.make();
  if (typeof machine === 'string') return context.skip(`not walked through here: ${machine}`);
  ends.push(() => machine.end());
  expect((await machine.shell('command -v node')).code).not.toBe(0);

  const logs = join(machine.dir, 'emqx-log');
  mkdirSync(logs);
  const password = join(machine.dir, 'password');
  writeFileSync(password, 'correct horse 1\n', { mode: 0o600 });
  const ready = join(machine.dir, 'ready.json');
  const serve = [
    'server',
    '--ephemeral',
    '--ready-file',
    ready,
    '--agents-dir',
    dist,
    '--admin-password-file',
    password,
  ];
  await started(machine, [join(root, 'bin/ecpctl.js'), ...serve], () => existsSync(ready));
  const standIn = [join(root, 'test/stand-ins/emqx/start.js'), '--port', '18083'];
  await started(machine, [...standIn, '--knobs', JSON.stringify({ logDir: logs })], (printed) =>
    printed.includes('18083'),
  );

  const ecpctl = async (args: readonly string[], input?: string) => {
    const env = { PATH: process.env.PATH, HOME: machine.dir, LANG: 'C' };
    const [program, ...line] = machine.onNetwork([process.execPath, join(root, 'bin/ecpctl.js'), ...args]);
    const result = await said(program, line, { env, ...(input !== undefined && { input }) });
    expect(result, args.join(' ')).toMatchObject({ code: 0 });
    return result.stdout;
  };
  await ecpctl(
    ['login', '--url', 'http://127.0.0.1:8082', '-u', 'admin', '--password-stdin'],
    readFileSync(password, 'utf8'),
  );
  const printed = await ecpctl(['register', '工厂-1', '--arch', target.arch, '-o', 'json']);
  const lines = JSON.parse(printed).commands[target.arch] as string[];

  const from = 'http://127.0.0.1:8082/api/x/agents';
  const fetching = `sudo curl -L -f --output /usr/local/bin/emqxee-agent ${from}/emqxee-agent-linux-${target.arch}`;
  expect(lines[0]).toBe(fetching);
  expect(lines[1]).toMatch(/[0-9a-f]{64} {2}\/usr\/local\/bin\/emqxee-agent. \| sha256sum -c -$/);
  expect(lines.slice(2, 4)).toEqual([
    'sudo chmod +x /usr/local/bin/emqxee-agent',
    'sudo /usr/local/bin/emqxee-agent start',
  ]);
  for (const line of lines.slice(0, -1)) expect(await machine.shell(line), line).toMatchObject({ code: 0 });
  expect(lines.at(-1)).toMatch(/^sudo \/usr\/local\/bin\/emqxee-agent register --url http:\S+ --registration-token/);
  // What the guide has the operator fill in; EMQX says itself where its logs are.
  const register = `${lines.at(-1)} --enable-log True`;
  const access = { EMQX_DASHBOARD_USERNAME: 'admin', EMQX_DASHBOARD_PASSWORD: 'public' };
  expect(await machine.shell(register, access), register).toMatchObject({ code: 0 });

  const cluster = async () => JSON.parse(await ecpctl(['get', '工厂-1', '-o', 'json']));
  await expect.poll(async () => (await cluster()).xStatus, { timeout: 30_000, interval: 300 }).toBe('running');
  const writer = new EmqxLogWriter({ directory: logs, fileBytes: 1 << 20, files: 10 });
  writer.write(500);
  writer.close();
  const shipped = async () => {
    const text = await ecpctl(['logs', 'tail', '工厂-1', '--no-follow', '-n', '1000', '-o', 'ndjson']);
    return text.match(/seq: \d{10}/g)?.sort() ?? [];
  };
  await expect.poll(async () => (await shipped()).length, { timeout: 30_000, interval: 300 }).toBe(500);
  expect(new Set(await shipped()).size).toBe(500);
  expect(await machine.shell('sudo /usr/local/bin/emqxee-agent status')).toMatchObject({ code: 0 });

  // The install script finds that what the lines above put there is the published file.
  const script = await machine.shell(`curl -fsSL ${from}/install.sh | sudo sh -s -- --from ${from}`);
  expect(script).toMatchObject({ code: 0, stderr: expect.stringContaining('already this version') });
  expect(await machine.shell('sudo rm /usr/local/bin/emqxee-agent')).toMatchObject({ code: 0 });
  const again = await machine.shell(`curl -fsSL ${from}/install.sh | sudo sh -s -- --from ${from}`);
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('installed /usr/local/bin/emqxee-agent') });
  expect(statSync(join(machine.dir, 'bin/emqxee-agent')).mode & 0o777).toBe(0o755);

  expect(await machine.shell('sudo /usr/local/bin/emqxee-agent stop')).toMatchObject({ code: 0 });
  expect(await machine.shell('sudo /usr/local/bin/emqxee-agent status')).toMatchObject({ code: 3 });
});

/** Starts a Node program on the machine's network and waits until it is ready. */
async function started(machine: Machine, args: readonly string[], ready: (printed: string) => boolean): Promise<void> {
  const [program, ...line] = machine.onNetwork([process.execPath, ...args]);
  const child: ChildProcess = spawn(program, line, { stdio: 'pipe' });
  ends.push(() => child.kill());
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      printed += data;
    });
  }
  await expect.poll(() => ready(printed) || child.exitCode !== null, { timeout: 20_000, message: printed }).toBe(true);
  expect(child.exitCode, printed).toBe(null);
}
