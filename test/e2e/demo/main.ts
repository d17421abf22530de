import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import type { Server } from '../stage.ts';
import { until } from '../stage.ts';
import { copyRealLogs } from './real-logs.ts';
import { Show } from './show.ts';

/** Lines that the stand-in writes while somebody watches: over two and a half rounds of its files. */
const live = 3000;

/** Shows the whole path and answers the exit code: 0 where everything that was counted is as it must be. */
export async function main(args: readonly string[]): Promise<number> {
  const root = process.cwd();
  const show = new Show(root);
  const started = performance.now();
  const breakOff = () => {
    console.error('\nEnding what was started.');
    void show.end().then(() => process.exit(130));
  };
  process.once('SIGINT', breakOff);
  process.once('SIGTERM', breakOff);
  let code = 1;
  try {
    const server = await show.stage.startServer();
    await play(show, server, root);
    if (show.summary()) code = 0;
    console.log(`\n${Math.round((performance.now() - started) / 1000)} s in all.`);
    if (code === 0 && args.includes('--keep')) await keep(show, server);
  } catch (error) {
    console.error(`\nThe demo broke off: ${error instanceof Error ? error.message : error}`);
    code = 1;
  }
  process.off('SIGINT', breakOff);
  process.off('SIGTERM', breakOff);
  await show.end();
  return code;
}

async function play(show: Show, server: Server, root: string): Promise<void> {
  const { stage } = show;
  show.title(`ecpctl server listens at ${server.url}, MQTT at ${server.mqtt}`);
  const login = ['login', '--url', server.url, '--username', 'admin', '--password-stdin'];
  await show.run('ecpctl', login, { inputFile: server.passwordFile });
  await show.run('ecpctl', ['whoami']);
  await managed(show, server, root);
  await hosted(show);
  await show.run('ecpctl', ['list']);
  const left = JSON.parse((await stage.run('ecpctl', ['list', '-o', 'json'])).stdout) as unknown[];
  show.fact('clusters at the end', 1, left.length);
}

/** An EMQX that is there already: register, ship its log, transfer. */
async function managed(show: Show, server: Server, root: string): Promise<void> {
  const { stage } = show;
  show.title('An EMQX that is there already (a stand-in), joined through an agent');
  const emqx = await stage.startEmqx();
  const logs = join(stage.folder, 'emqx-log');
  mkdirSync(logs);
  await show.run('ecpctl', ['register', 'plant-1', '--arch', 'amd64']);
  const { stdout } = await stage.run('ecpctl', ['register', 'plant-1', '--again', '-o', 'json']);
  const { registrationToken } = JSON.parse(stdout) as { registrationToken: string };

  const [home, tokenFile, passwordFile] = ['agent', 'registration-token', 'emqx-password'].map((name) =>
    join(stage.folder, name),
  ) as [string, string, string];
  writeFileSync(tokenFile, registrationToken, { mode: 0o600 });
  writeFileSync(passwordFile, 'public', { mode: 0o600 });
  await show.run('emqxee-agent', ['start', '--home', home]);
  await show.run('emqxee-agent', [
    ...['register', '--home', home, '--url', server.url, '--registration-token-file', tokenFile],
    ...['--emqx-dashboard-url', emqx.dashboardUrl, '--emqx-api-url', emqx.apiUrl],
    ...['--emqx-dashboard-username', 'admin', '--emqx-dashboard-password-file', passwordFile],
    ...['--enable-log', 'True', '--log-dir', logs],
  ]);
  await show.run('ecpctl', ['wait', 'plant-1', '--timeout', '20s']);
  const cluster = JSON.parse((await stage.run('ecpctl', ['get', 'plant-1', '-o', 'json'])).stdout);
  show.fact('state of the managed cluster', 'running', cluster.xStatus);

  await followLive(show, logs);
  await shipReal(show, home, logs, root);
  await show.run('emqxee-agent', ['status', '--home', home]);
  await transfer(show);
}

/** Writes a wrap log as EMQX does while `logs tail` watches, and holds every number against what arrived. */
async function followLive(show: Show, directory: string): Promise<void> {
  show.title('Its log, followed while it is written and wraps');
  const writer = new EmqxLogWriter({ directory, fileBytes: 256 * 1024, files: 4, startMs: Date.now() });
  const seen: number[] = [];
  const enough = new AbortController();
  const limit = setTimeout(() => enough.abort(), 20_000);
  let rest = '';
  const tail = show.run('ecpctl', ['logs', 'tail', 'plant-1', '--since', '1h', '-o', 'ndjson'], {
    code: 130,
    signal: enough.signal,
    onText: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const number = /seq: (\d{10})/.exec(line)?.[1];
        if (number !== undefined) seen.push(Number(number));
      }
      if (seen.length >= live) enough.abort();
    },
  });
  for (let written = 0; written < live; written += 100) {
    writer.write(100);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await tail;
  clearTimeout(limit);
  writer.close();
  const inOrder = seen.every((number, at) => number === at);
  show.fact('records written, tailed', live, seen.length);
  show.fact('different ones among them', live, new Set(seen).size);
  show.fact('in the order of the file', 'yes', inOrder ? 'yes' : 'no');
}

/** Ships what a real EMQX wrote, where it is at hand. */
async function shipReal(show: Show, home: string, directory: string, root: string): Promise<void> {
  show.title('What a real EMQX wrote');
  const sent = copyRealLogs(root, directory);
  if (sent === undefined) {
    console.log('Skipped: ../shared/emqx-real/logs is not here.');
    return;
  }
  const delivered = async () =>
    JSON.parse((await show.stage.run('emqxee-agent', ['status', '--home', home, '-o', 'json'])).stdout).logs.delivered;
  await until('all is delivered', async () => (await delivered()) >= live + sent).catch(() => {});
  const all = ['--no-follow', '--since', '2020-01-01T00:00:00Z', '--until', '2100-01-01T00:00:00Z'];
  const { stdout } = await show.run('ecpctl', ['logs', 'tail', 'plant-1', ...all, '-o', 'ndjson']);
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { category: string; cursor: string });
  const found = records.filter(({ category }) => category !== 'emqx.log');
  console.log(`\n${sent} records sent, ${found.length} found.`);
  show.fact('real records sent, found', sent, found.length);
  show.fact('different ones among them', sent, new Set(found.map(({ cursor }) => cursor)).size);
}

async function transfer(show: Show): Promise<void> {
  show.title('To another project and back');
  await show.run('ecpctl', [
    'api',
    '/api/orgs/{orgId}/projects',
    '--data',
    JSON.stringify({ name: 'line-2', members: [] }),
  ]);
  await show.run('ecpctl', ['transfer', 'plant-1', '--to-project', 'line-2']);
  const there = await show.run('ecpctl', ['list', '--project', 'line-2', '-o', 'name']);
  show.fact('clusters in the other project', 1, there.stdout.split('\n').filter(Boolean).length);
  await show.run('ecpctl', ['transfer', 'plant-1', '--project', 'line-2', '--to-project', 'default']);
}

/** A cluster that ECP runs: create, scale, delete. */
async function hosted(show: Show): Promise<void> {
  show.title('A cluster that ECP runs (simulated)');
  const nodes = async () =>
    JSON.parse((await show.stage.run('ecpctl', ['get', 'press-7', '-o', 'json'])).stdout).replicas as number;
  await show.run('ecpctl', ['create', 'press-7', '--replicas', '3', '--wait']);
  show.fact('nodes after the creation', 3, await nodes());
  await show.run('ecpctl', ['scale', 'press-7', '--replicas', '5', '--wait']);
  show.fact('nodes after the scaling', 5, await nodes());
  await show.run('ecpctl', ['delete', 'press-7', '--confirm', 'press-7', '--wait']);
  const gone = await show.run('ecpctl', ['get', 'press-7'], { code: 4 });
  show.fact('exit code of a look at what is deleted', 4, gone.code ?? -1);
}

/** Leaves everything running until Ctrl-C. */
async function keep(show: Show, { url, passwordFile }: Server): Promise<void> {
  console.log(`
It stays up. Log in as admin with the password ${readFileSync(passwordFile, 'utf8')}:

  ecpctl login --url ${url} --username admin

or look with the login that the demo has: ECP_CONFIG_DIR=${show.stage.env.ECP_CONFIG_DIR} ecpctl list
Ctrl-C ends it and removes ${show.stage.folder}.`);
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
