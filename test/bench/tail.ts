import { parseArgs } from 'node:util';
import { must, Site } from '../e2e/site.ts';
import { until } from '../e2e/stage.ts';
import { startTap } from '../e2e/tap.ts';
import { SeededRandom } from '../faults/random.ts';
import { EmqxLogWriter } from '../stand-ins/emqx/writer.ts';

/** Milliseconds at the median: a line is on the operator's screen, and in the index. */
const target = { shown: 2000, indexed: 1500 };
/** Longest pause between two lines; further ones are as long as an idle node makes. */
const pauseMs = 500;
const longPauseMs = 3000;

/** Moments of one line, of `performance.now()` in this process. */
interface Life {
  readonly written: number;
  sent?: number;
  indexed?: number;
  shown?: number;
}

/**
 * How long a line takes from EMQX's log file to the screen of `ecpctl logs tail`: writer, agent, server and tail are
 * processes of their own, lines come one by one at random distances. Between agent and server a proxy takes the time;
 * its answer to the agent is the moment from which a record is in the index. Answers 1 where a target is missed.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { lines: { type: 'string', default: '300' }, seed: { type: 'string' } },
  });
  const count = Number(values.lines);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  const lives = new Map<number, Life>();
  const note = (text: string, moment: 'sent' | 'indexed' | 'shown', at: number) => {
    const life = lives.get(Number(/seq: (\d{10})/.exec(text)?.[1] ?? Number.NaN));
    // The first time counts: what is sent again was late already.
    if (life) life[moment] ??= at;
  };
  const tap = await startTap(({ documents, status, arrivedAt, answeredAt }) => {
    for (const document of documents) {
      note(String(document.message), 'sent', arrivedAt);
      if (status < 300) note(String(document.message), 'indexed', answeredAt);
    }
  });
  const site = new Site();
  const ended = new AbortController();
  try {
    await site.open(tap.url);
    tap.passTo(site.server.url);
    const joined = await site.join('plant-1');
    const writer = new EmqxLogWriter({ directory: joined.logs, fileBytes: 1e6, files: 5, startMs: Date.now() });
    let rest = '';
    const tail = site.stage.run('ecpctl', ['logs', 'tail', 'plant-1', '-o', 'ndjson'], {
      signal: ended.signal,
      onText: (text) => {
        const at = performance.now();
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) note(line, 'shown', at);
      },
    });
    const write = () => {
      lives.set(writer.seq, { written: performance.now() });
      writer.write(1);
    };
    // The first is waited for: all four are at work then. It is not counted.
    write();
    await until('the first line is shown', () => lives.get(0)?.shown !== undefined);
    lives.clear();
    const random = new SeededRandom(seed);
    for (let n = 0; n < count; n++) {
      const longest = random.chance(0.02) ? longPauseMs : pauseMs;
      await new Promise((resolve) => setTimeout(resolve, random.next() * longest));
      write();
    }
    await until('all lines are shown', () => [...lives.values()].every(({ shown }) => shown !== undefined));
    ended.abort();
    const { code, stderr } = await tail;
    if (code !== 130) throw new Error(`ecpctl logs tail ended with ${code}: ${stderr}`);
    must(await joined.agent('stop'));
    writer.close();
    return report([...lives.values()] as Required<Life>[], seed);
  } finally {
    ended.abort();
    await site.close();
    tap.close();
  }
}

function report(lives: readonly Required<Life>[], seed: number): number {
  const rows: [string, number[]][] = [
    ['written -> shown by logs tail', lives.map((life) => life.shown - life.written)],
    ['written -> in the index', lives.map((life) => life.indexed - life.written)],
    ['  agent: written -> sent', lives.map((life) => life.sent - life.written)],
    ['  server: sent -> in the index', lives.map((life) => life.indexed - life.sent)],
    ['  tail: in the index -> shown', lives.map((life) => life.shown - life.indexed)],
  ];
  const at = (list: number[], share: number) =>
    list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? Number.NaN;
  console.log(`${lives.length} lines at random distances, seed ${seed}, Node ${process.versions.node}; milliseconds`);
  console.log(`${''.padEnd(32)}${['median', 'p95', 'max'].map((word) => word.padStart(9)).join('')}`);
  for (const [name, list] of rows) {
    const figures = [0.5, 0.95, 1].map((share) => at(list, share).toFixed(0).padStart(9)).join('');
    console.log(`${name.padEnd(32)}${figures}`);
  }
  const isMet = (index: number, limit: number) => at(rows[index]?.[1] ?? [], 0.5) <= limit;
  const verdicts = { shown: isMet(0, target.shown), indexed: isMet(1, target.indexed) };
  for (const [name, limit] of Object.entries(target)) {
    const verdict = verdicts[name as keyof typeof target] ? 'met' : 'MISSED';
    console.log(`Target, ${name} within ${limit} ms at the median: ${verdict}`);
  }
  return verdicts.shown && verdicts.indexed ? 0 : 1;
}
