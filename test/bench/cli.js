// How long the commands take that an operator feels, as ratios to a bare `node -e 0` of the same round: each round runs
// all of them once in turn, so that what else the machine does falls on all alike. `npm run bench:cli [-- ROUNDS]`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 21);
const bin = fileURLToPath(new URL('../../bin/ecpctl.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
const env = { ...process.env, ECP_CONFIG_DIR: join(folder, 'config'), ECPCTL_KEYRING: 'off', LANG: 'C.UTF-8' };
const password = 'bench-Passw0rd';
writeFileSync(join(folder, 'password'), password, { mode: 0o600 });

const ready = join(folder, 'ready.json');
const server = spawn(
  process.execPath,
  [
    bin,
    'server',
    '--ephemeral',
    '--listen',
    '127.0.0.1:0',
    '--mqtt-listen',
    '127.0.0.1:0',
    '--admin-password-file',
    join(folder, 'password'),
    '--ready-file',
    ready,
  ],
  { stdio: 'ignore', env },
);
try {
  for (let tries = 0; !existsSync(ready); tries++) {
    if (tries > 100 || server.exitCode !== null) throw new Error('the server does not start');
    await sleep(100);
  }
  const { url } = JSON.parse(readFileSync(ready, 'utf8'));
  const must = (args, input) => {
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`ecpctl ${args.join(' ')}: ${stderr}`);
  };
  must(['login', '--url', url, '--username', 'admin', '--password-stdin'], password);
  for (let at = 1; at <= 5; at++) must(['create', `plant-${at}`, '--connections', '1']);

  const runs = [
    { name: 'node -e 0', args: ['-e', '0'] },
    { name: 'ecpctl --version', args: [bin, '--version'], target: 1.6 },
    { name: 'ecpctl --help', args: [bin, '--help'], target: 1.8 },
    { name: 'ecpctl list', args: [bin, 'list'], target: 3 },
  ];
  const times = runs.map(() => []);
  for (let round = 0; round < rounds + 2; round++) {
    for (const [at, run] of runs.entries()) {
      const started = process.hrtime.bigint();
      const { status } = spawnSync(process.execPath, run.args, { env, stdio: 'ignore' });
      if (status !== 0) throw new Error(`${run.name} ended with ${status}`);
      // The first two rounds fill the file cache.
      if (round >= 2) times[at].push(Number(process.hrtime.bigint() - started) / 1e6);
    }
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const bare = median(times[0]);
  console.log(`${rounds} rounds, Node ${process.versions.node}`);
  for (const [at, { name, target }] of runs.entries()) {
    const ms = median(times[at]);
    const ratio = (ms / bare).toFixed(2);
    console.log(
      `${name.padEnd(18)} ${ms.toFixed(0).padStart(5)} ms ${ratio.padStart(6)}x${target ? `  (target ${target}x)` : ''}`,
    );
  }
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve()));
  rmSync(folder, { recursive: true });
}
