import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { startRequester } from '../agent/tunnel/requester.ts';
import { topics } from '../agent/tunnel/settings.ts';
import { startBroker } from '../stand-ins/broker.ts';
import { runScript } from '../support/process.ts';

/**
 * What the tunnel adds to a call of EMQX: the same small request, once straight to EMQX and once through broker and
 * agent, in turns. EMQX (a stand-in), agent and broker with requester are three processes on loopback.
 */
const rounds = 20;
const perRound = 200;
const path = '/api/v5/nodes/emqx@127.0.0.1';
const target = 5;

const emqx = spawn(process.execPath, [fileURLToPath(new URL('../stand-ins/emqx/start.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = (await once(createInterface({ input: emqx.stdout }), 'line')) as [string];
const { apiUrl } = JSON.parse(line) as { apiUrl: string };
const broker = await startBroker();
const agent = await runScript(new URL('../agent/tunnel/process.ts', import.meta.url), [broker.url, apiUrl]);
await agent.line();
const requester = await startRequester(broker.url, topics);
const pool = new Pool(apiUrl, { connections: 1 });
const authorization = `Basic ${Buffer.from('key:secret').toString('base64')}`;
const headers = { accept: 'application/json' };

async function straight(): Promise<void> {
  const { body } = await pool.request({ method: 'GET', path, headers: { ...headers, authorization } });
  await body.text();
}

async function through(): Promise<void> {
  await (await requester.ask({ path, headers })).text();
}

async function measure(work: () => Promise<void>, into: number[]): Promise<void> {
  for (let n = 0; n < perRound; n++) {
    const start = performance.now();
    await work();
    into.push(performance.now() - start);
  }
}

const times = { straight: [] as number[], through: [] as number[] };
await measure(straight, []);
await measure(through, []);
for (let round = 0; round < rounds; round++) {
  await measure(straight, times.straight);
  await measure(through, times.through);
}

const at = (list: number[], share: number) => list.sort((a, b) => a - b)[Math.floor(list.length * share)] ?? Number.NaN;
const show = (name: string, list: number[]) =>
  console.log(`${name.padEnd(28)} median ${at(list, 0.5).toFixed(2)} ms, p99 ${at(list, 0.99).toFixed(2)} ms`);
const [own, whole] = [at(times.straight, 0.5), at(times.through, 0.5)];
console.log(`${rounds * perRound} small requests each way, in turns`);
show('straight to EMQX', times.straight);
show('through the tunnel', times.through);
console.log(
  `The tunnel adds ${(whole - own).toFixed(2)} ms at the median (${(whole / own).toFixed(1)} times EMQX's own time).`,
);
console.log(`Target, under ${target} ms: ${whole - own < target ? 'met' : 'MISSED'}`);
process.exitCode = whole - own < target ? 0 : 1;

await requester.end();
await pool.close();
await agent.stop();
await broker.stop();
emqx.kill();
