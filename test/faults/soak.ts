import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bundle } from '../stand-ins/bundle.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';
import { Sink } from '../stand-ins/sink/sink.ts';
import { AgentProcess } from './agent-process.ts';

/** Growth that counts: a trend over the second half of the run, not the noise of single samples. */
const rssGrowthLimit = 8e6;
const settleMs = 60_000;

interface Sample {
  readonly at: number;
  readonly rss: number;
  readonly fds: number;
}

/**
 * `npm run soak [-- --minutes 10]`: lines at 2,000/s over many wraps, the sink away now and then; memory and descriptors
 * must not grow, and at the end every line is in the index once.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: 'string', default: '10' } } });
  const durationMs = Number(values.minutes) * 60_000;
  const bundles = await bundle({ harness: 'test/faults/harness.ts' });
  const root = mkdtempSync(join(tmpdir(), 'soak-'));
  const directory = join(root, 'log');
  mkdirSync(directory);
  const sink = await new Sink().start();
  const agent = new AgentProcess(
    bundles.directory,
    root,
    {
      directory,
      include: [],
      exclude: [],
      clusterId: 'c1',
      agentId: 'a1',
      agentVersion: '0',
      nodeName: undefined,
      target: { urls: [sink.url], username: '', password: '', index: 'emqx', ca: undefined, insecure: false },
      fields: {},
      redact: [],
      gzip: true,
    },
    join(root, 'state'),
  );
  const writer = new EmqxLogWriter({ directory, fileBytes: 2_000_000, files: 10 });
  const samples: Sample[] = [];
  agent.start();
  const began = Date.now();
  try {
    for (let tick = 0; Date.now() - began < durationMs; tick++) {
      writer.write(200);
      await sleep(100);
      const { status } = agent;
      if (status && tick % 10 === 0) samples.push({ at: Date.now() - began, rss: status.rss, fds: status.fds });
      // Ten seconds in each minute nothing is taken: less than the ring holds.
      const second = Math.floor((Date.now() - began) / 1000) % 60;
      sink.fault = () => (second >= 30 && second < 40 ? { kind: 'status', status: 503 } : undefined);
    }
    sink.fault = () => undefined;
    const deadline = Date.now() + 60_000;
    while (sink.oracle.verdict(writer.seq).missingCount > 0 && Date.now() < deadline) await sleep(500);
    return judge(samples, sink, writer);
  } finally {
    writer.close();
    await agent.end('SIGTERM');
    await sink.stop();
    bundles.remove();
    rmSync(root, { recursive: true, force: true });
  }
}

function judge(samples: readonly Sample[], sink: Sink, writer: EmqxLogWriter): number {
  const settled = samples.filter(({ at }) => at > settleMs || samples.length < 120);
  const half = Math.floor(settled.length / 2);
  const peak = (part: readonly Sample[], field: 'rss' | 'fds') => Math.max(...part.map((sample) => sample[field]));
  const before = settled.slice(0, half);
  const after = settled.slice(half);
  const { missingCount, doubled } = sink.oracle.verdict(writer.seq);
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  console.log(`${writer.seq} lines, ${writer.wraps} wraps, ${missingCount} missing, ${doubled} doubled`);
  console.log(`peak memory ${mb(peak(before, 'rss'))} in the first half, ${mb(peak(after, 'rss'))} in the second`);
  console.log(`most descriptors ${peak(before, 'fds')} in the first half, ${peak(after, 'fds')} in the second`);
  const isSteady =
    peak(after, 'rss') <= peak(before, 'rss') + rssGrowthLimit && peak(after, 'fds') <= peak(before, 'fds') + 2;
  const holds = isSteady && missingCount === 0 && doubled === 0;
  console.log(holds ? 'holds' : 'DOES NOT HOLD');
  return holds ? 0 : 1;
}
