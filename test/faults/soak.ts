import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBroker } from '../stand-ins/broker.ts';
import { startEmqx } from '../stand-ins/emqx/server.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import { Sink } from '../stand-ins/sink/sink.ts';
import { AgentProcess } from './agent-process.ts';
import { CutProxy } from './cut-proxy.ts';
import { growth, type Sample } from './trend.ts';

/** Growth over the second half of a run that is more than noise. */
const limits = { rss: 8e6, fds: 3 };
const ticksPerSecond = 10;
const drainLimitMs = 60_000;

/** What happens within each minute, by its second. */
const script: Readonly<Record<number, 'sink away' | 'sink back' | 'storm' | 'calm' | 'broker away' | 'broker back'>> = {
  10: 'storm',
  18: 'calm',
  25: 'sink away',
  31: 'sink back',
  40: 'broker away',
  43: 'broker back',
};

/**
 * `npm run soak [-- --minutes 10 --rate 2000]`: a registered agent with tunnel and EMQX, lines over many wraps, a sink
 * that goes away and comes back, a broker that does. Memory and descriptors must not grow over the second half, and at
 * the end every line is in the index once. Answers the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '2000' } },
  });
  const seconds = Math.round(Number(values.minutes) * 60);
  const rate = Number(values.rate);
  const root = mkdtempSync(join(tmpdir(), 'soak-'));
  const directory = join(root, 'log');
  mkdirSync(directory);
  const sink = await new Sink().start();
  const emqx = await startEmqx({ logDir: directory });
  const broker = await startBroker();
  const way = await CutProxy.start(Number(new URL(broker.url).port));
  const agent = new AgentProcess({
    root,
    directory,
    sink: { urls: [sink.url] },
    gzip: true,
    dashboardUrl: emqx.dashboardUrl,
    metadata: {
      mqtt: { server: `mqtt://127.0.0.1:${way.port}`, username: 'm', password: 'p' },
      tunnel: { requestTopic: 'soak/request', replyTopic: 'soak/reply', telemetryTopic: 'soak/telemetry' },
    },
  });
  // A ring of about forty seconds, a wrap every two: more than the longest outage and the longest wait after it.
  const writer = new EmqxLogWriter({ directory, fileBytes: rate * 500, files: 20 });
  const samples: Sample[] = [];
  try {
    await agent.start();
    for (let second = 0; second < seconds; second++) {
      for (let tick = 0; tick < ticksPerSecond; tick++) {
        writer.write(rate / ticksPerSecond);
        await sleep(1000 / ticksPerSecond);
      }
      const act = script[second % 60];
      if (act === 'storm') sink.fault = (bulk) => (bulk % 3 > 0 ? { kind: 'status', status: 503 } : undefined);
      if (act === 'calm') sink.fault = () => undefined;
      if (act === 'sink away') await sink.stop();
      if (act === 'sink back') await sink.start();
      if (act === 'broker away') await way.down();
      if (act === 'broker back') await way.up();
      const { status } = agent;
      if (status) samples.push({ at: second, rss: status.rss, fds: status.fds });
      if (second % 30 === 0) print(second, agent);
      broker.messages.length = 0;
    }
    sink.fault = () => undefined;
    await sink.stop();
    await sink.start();
    await drained(sink, writer);
    print(seconds, agent);
    return judge(samples, sink, writer);
  } finally {
    writer.close();
    await agent.remove();
    await Promise.all([sink.stop(), emqx.stop(), way.close()]);
    await broker.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function print(second: number, { status }: AgentProcess): void {
  if (!status) return;
  const parts = status.parts.map(({ name, state }) => `${name} ${state}`).join(', ');
  const { rss, peakRss, fds, delivered, retried } = status;
  console.log(
    `${String(second).padStart(4)} s  ${mb(rss)} (peak ${mb(peakRss)}), ${fds} descriptors, ${delivered} delivered, ${retried} sent again; ${parts}`,
  );
}

async function drained(sink: Sink, writer: EmqxLogWriter): Promise<void> {
  const deadline = Date.now() + drainLimitMs;
  while (sink.oracle.verdict(writer.seq).missingCount > 0 && Date.now() < deadline) await sleep(500);
}

function judge(samples: readonly Sample[], sink: Sink, writer: EmqxLogWriter): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const rss = growth(half, 'rss');
  const fds = growth(half, 'fds');
  const { missingCount, doubled } = sink.oracle.verdict(writer.seq);
  console.log(
    `${writer.seq} lines, ${writer.wraps} wraps, ${missingCount} missing, ${doubled} doubled, ${sink.oracle.gaps.length} gaps`,
  );
  console.log(`over the second half: memory ${mb(rss)}, descriptors ${fds.toFixed(1)}`);
  const holds = rss <= limits.rss && fds <= limits.fds && missingCount === 0 && doubled === 0;
  console.log(holds ? 'holds' : 'DOES NOT HOLD');
  return holds ? 0 : 1;
}
