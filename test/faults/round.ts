import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatLine, type LineFormat } from '../stand-ins/emqx/writer-lines.ts';
import { Sink } from '../stand-ins/sink/sink.ts';
import { AgentProcess } from './agent-process.ts';
import type { SeededRandom } from './random.ts';
import { type SmallDisk, smallDisk } from './small-disk.ts';
import { WallClock } from './wall-clock.ts';

const drainLimitMs = 60_000;

/** What a fault may use: everything is real but the index. */
export interface World {
  readonly random: SeededRandom;
  readonly sink: Sink;
  readonly agent: AgentProcess;
  readonly directory: string;
  /** Sets the agent's wall clock, where the plan needs it. */
  readonly clock: WallClock;
  /** Where the checkpoint lies, where the plan needs it. */
  readonly disk: SmallDisk | undefined;
  /** Milliseconds for which lines are written in all. */
  readonly writingMs: number;
  /** Stops the writer and starts it again, as a restart of the broker. */
  restartWriter(between: () => Promise<void>): Promise<void>;
}

export interface FaultPlan {
  readonly name: string;
  /** Runs beside the writer; whatever it broke it must repair before it ends. */
  run(world: World): Promise<void>;
  /** What the round cannot do without. */
  readonly needs?: 'clock' | 'disk';
  /** The fault kills the agent: what was read but not acknowledged may be counted as lost twice. */
  readonly kills?: true;
  /** Numbers that the index refused for good; they must be among the dead letters instead. */
  readonly refuses?: (seq: number) => boolean;
}

/** What all rounds share. */
export interface Ground {
  /** Where the bundled writer lies. */
  readonly bundles: string;
  readonly emqxUrl: string;
}

export interface RoundResult {
  readonly problem: string | undefined;
  readonly summary: string;
}

/** One round: writer, agent and sink run, the fault strikes, and at the end every line is accounted for. */
export async function runRound(plan: FaultPlan, random: SeededRandom, ground: Ground): Promise<RoundResult> {
  const root = mkdtempSync(join(tmpdir(), 'faults-'));
  const directory = join(root, 'log');
  mkdirSync(directory);
  const sink = await new Sink().start();
  const format = random.pick<LineFormat>(['v5-text', 'v5-json', 'v4-text', 'v4-json']);
  const rate = random.between(5000, 30_000);
  const files = random.between(3, 10);
  const writingMs = random.between(2500, 4000);
  const lineBytes = Buffer.byteLength(formatLine(format, 0));
  // One round in four has a ring too small for the fault: there the gap records must say what is missing.
  const ringSeconds = random.chance(0.25) ? 0.6 : 2.5;
  const fileBytes = Math.floor((rate * lineBytes * ringSeconds) / files);
  const clock = new WallClock(root);
  const agent = new AgentProcess({
    root,
    directory,
    sink: { urls: [sink.url] },
    gzip: random.chance(0.5),
    dashboardUrl: ground.emqxUrl,
    ...(plan.needs === 'clock' ? { env: clock.env } : {}),
  });
  const { stateDirectory } = agent;
  const disk = plan.needs === 'disk' ? smallDisk(stateDirectory) : undefined;
  const describe = () =>
    `${format}, ${rate} lines/s, ring ${files} x ${fileBytes} B, ${sink.oracle.documents} documents, ${sink.oracle.conflicts} resent, ${sink.oracle.gaps.length} gaps`;

  let written = { seq: 0, bytes: 0, wraps: 0 };
  let wraps = 0;
  const write = (seconds: number, start: string) => {
    const child = spawn(
      process.execPath,
      [
        join(ground.bundles, 'writer.mjs'),
        ...[
          '--directory',
          directory,
          '--rate',
          String(rate),
          '--seconds',
          String(seconds),
          '--seq',
          String(written.seq),
        ],
        ...['--file-bytes', String(fileBytes), '--files', String(files), '--format', format, '--start', start],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const done = new Promise<void>((resolve) =>
      child.once('close', () => {
        written = JSON.parse(out) as typeof written;
        wraps += written.wraps;
        resolve();
      }),
    );
    return { child, done };
  };

  try {
    await agent.start();
    let writer = write(writingMs / 1000, 'append');
    // What passed by before there was a first checkpoint nobody can know.
    await waitFor(() => existsSync(join(stateDirectory, 'checkpoint.json')));
    const world: World = {
      random,
      sink,
      agent,
      directory,
      clock,
      disk,
      writingMs,
      restartWriter: async (between) => {
        writer.child.kill('SIGTERM');
        await writer.done;
        await between();
        writer = write(writingMs / 2000, random.pick(['append', 'next']));
      },
    };
    await plan.run(world);
    await writer.done;
    if (agent.pid === undefined) await agent.start();
    const deadline = Date.now() + drainLimitMs;
    const isDrained = () => {
      const { status } = agent;
      return status !== undefined && status.unread === 0 && status.state === 'healthy';
    };
    for (let calm = 0; calm < 3; calm = isDrained() ? calm + 1 : 0) {
      if (Date.now() > deadline) {
        return { problem: `not drained: ${JSON.stringify(agent.status)}`, summary: describe() };
      }
      await sleep(200);
    }
    await agent.end('SIGTERM');
    const problem =
      judge(plan, sink, written.seq, format, stateDirectory) ??
      agent.log.flatMap(({ level, message }) => (level === 'stderr' ? `the agent died saying: ${message}` : []))[0];
    return { problem, summary: [`${describe()}, ${wraps} wraps`, ...sink.oracle.gaps].join('\n        ') };
  } finally {
    await agent.remove();
    await sink.stop();
    disk?.remove();
    rmSync(root, { recursive: true, force: true });
  }
}

async function waitFor(done: () => boolean): Promise<void> {
  for (const deadline = Date.now() + drainLimitMs; !done(); ) {
    if (Date.now() > deadline) throw new Error('the agent does not come up');
    await sleep(10);
  }
}

/** Undefined when each line is in the index once, or a gap record admits it, or it is among the dead letters. */
function judge(
  plan: FaultPlan,
  sink: Sink,
  written: number,
  format: LineFormat,
  stateDirectory: string,
): string | undefined {
  const { oracle } = sink;
  const verdict = oracle.verdict(written);
  if (written === 0) return 'nothing was written';
  if (verdict.doubled > 0) return `${verdict.doubled} of ${written} lines are in the index twice`;
  const dead = plan.refuses ? deadNumbers(stateDirectory) : new Set<number>();
  let missing = 0;
  let bytes = 0;
  for (const [from, to] of verdict.missing) {
    for (let seq = from; seq <= to; seq++) {
      if (plan.refuses?.(seq) && dead.has(seq)) continue;
      missing++;
      bytes += Buffer.byteLength(formatLine(format, seq));
    }
  }
  const gaps = oracle.gaps.map((text) => /: (at least |up to )?(?:(\d+) bytes|an unknown number)/.exec(text));
  const admitted = gaps.reduce((sum, gap) => sum + Number(gap?.[2] ?? 0), 0);
  const isBounded = gaps.every((gap) => gap?.[2] !== undefined && gap[1] !== 'at least ');
  const isExact = isBounded && gaps.every((gap) => gap?.[1] === undefined);
  const ranges = verdict.missing
    .slice(0, 5)
    .map(([from, to]) => `${from}-${to}`)
    .join(' ');
  if (missing > 0 && gaps.length === 0) return `${missing} of ${written} lines lost and no gap record: ${ranges}`;
  if (!plan.kills && verdict.missing.length > gaps.length && !plan.refuses)
    return `lines are missing in ${verdict.missing.length} places, gap records tell of ${gaps.length}: ${ranges}`;
  if (isBounded && bytes > admitted) return `${bytes} bytes lost, gap records admit ${admitted}: ${ranges}`;
  if (isExact && !plan.kills && bytes !== admitted)
    return `${bytes} bytes lost, gap records claim ${admitted}: ${ranges}`;
  return undefined;
}

function deadNumbers(stateDirectory: string): Set<number> {
  const text = readFileSync(join(stateDirectory, 'deadletter.ndjson'), 'utf8');
  return new Set([...text.matchAll(/seq: (\d{10})/g)].map((match) => Number(match[1])));
}
