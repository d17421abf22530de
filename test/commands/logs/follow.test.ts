import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFollower, markEnd } from '../../../src/commands/logs/follow.ts';
import { forward, sweep } from '../../../src/commands/logs/forward.ts';
import { lastRecords } from '../../../src/commands/logs/history.ts';
import type { Wanted } from '../../../src/commands/logs/options.ts';
import { drain, FakeLog } from './fake-log.ts';

const t0 = Date.UTC(2026, 0, 31, 8);
const never = new AbortController().signal;
const all: Wanted = {
  filter: { level: undefined, text: undefined, node: undefined },
  sinceMs: undefined,
  untilMs: undefined,
  range: {},
};

/** A clock that each look moves on by twenty seconds: every look without a cursor is one at the whole window. */
function clock() {
  let now = t0;
  return {
    now: () => now,
    tick: () => {
      now += 20_000;
    },
  };
}

function counts(texts: readonly string[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const text of texts) sum[text] = (sum[text] ?? 0) + 1;
  return sum;
}

/** Batches that arrive one after the other; `late` is how far behind the newest a record's time lies. */
const batches = (lateMs: number, same: boolean) =>
  fc.array(
    fc.array(
      fc.record({ late: fc.integer({ min: 0, max: lateMs }), text: same ? fc.constantFrom('a', 'b') : fc.uuid() }),
      { maxLength: 250 },
    ),
    { minLength: 1, maxLength: 6 },
  );

describe.each([
  { cursors: true, lateMs: 3_600_000 },
  // One second less than the window: times are compared by the second.
  { cursors: false, lateMs: 119_000 },
])('following, $cursors', ({ cursors, lateMs }) => {
  test.each([{ same: false }, { same: true }])('shows each record once, equal ones too: $same', async ({ same }) => {
    await fc.assert(
      fc.asyncProperty(batches(lateMs, same), fc.integer({ min: 0, max: 40 }), async (rounds, lines) => {
        const log = new FakeLog({ cursors });
        for (let at = 0; at < 30; at++) log.arrive(t0 - 600_000 + at * 1000, `before ${at}`);
        const source = log.source();
        const time = clock();
        const mark = await markEnd(source, never);
        const history = await lastRecords(source, all, lines, cursors, never);
        const follower = createFollower(source, mark, history.records, time.now);
        const arrived: string[] = [];
        const shown: string[] = [];
        let newest = t0;
        for (const batch of rounds) {
          newest += 1000;
          log.arrive(newest, `newest ${newest}`);
          arrived.push(`newest ${newest}`);
          for (const { late, text } of batch) {
            // Never older than the history: that is another question, asked below.
            log.arrive(Math.max(newest - late, t0), text);
            arrived.push(text);
          }
          shown.push(...(await drain(follower, 4, time.tick)).texts);
        }
        expect(counts(shown)).toEqual(counts(arrived));
        expect(history.records.map((record) => record.msg)).toEqual(
          Array.from({ length: Math.min(lines, 30) }, (_, at) => `before ${30 - Math.min(lines, 30) + at}`),
        );
      }),
      { numRuns: 25 },
    );
  });

  test('a second that holds thousands is shown whole', async () => {
    const log = new FakeLog({ cursors });
    log.arrive(t0, 'first');
    const source = log.source();
    const time = clock();
    const follower = createFollower(source, await markEnd(source, never), [], time.now);
    for (let at = 0; at < 4321; at++) log.arrive(t0 + 5000 + (at % 7), `m${at % 1000}`);
    const { texts } = await drain(follower, 60, time.tick);
    expect(texts).toHaveLength(4321);
    expect(counts(texts)).toEqual(counts(log.records.slice(1).map((record) => record.msg)));
  });

  test('nothing is lost or repeated while records arrive between two pages', async () => {
    let arrivals = 0;
    const log = new FakeLog({
      cursors,
      beforeQuery: (one) => {
        // Every other look something comes late, into the middle of what is being read.
        if (arrivals > 0 && arrivals++ % 2 === 0 && arrivals < 200) one.arrive(t0 + 20_000, `late ${arrivals}`);
      },
    });
    for (let at = 0; at < 150; at++) log.arrive(t0 - 150_000 + at * 1000, `before ${at}`);
    const source = log.source();
    const time = clock();
    const follower = createFollower(source, await markEnd(source, never), [], time.now);
    for (let at = 0; at < 900; at++) log.arrive(t0 + at * 40, `m${at}`);
    arrivals = 1;
    const { texts } = await drain(follower, 400, time.tick);
    expect(counts(texts)).toEqual(counts(log.records.slice(150).map((record) => record.msg)));
  });

  test('an empty log is followed from its first record', async () => {
    const log = new FakeLog({ cursors });
    const source = log.source();
    const time = clock();
    const follower = createFollower(source, await markEnd(source, never), [], time.now);
    expect((await drain(follower, 2, time.tick)).texts).toEqual([]);
    // The clocks of the machines need not agree with ours.
    log.arrive(t0 - 86_400_000, 'yesterday');
    log.arrive(t0 + 86_400_000, 'tomorrow');
    expect((await drain(follower, 3, time.tick)).texts.sort()).toEqual(['tomorrow', 'yesterday']);
  });

  test('what the filter does not want is not shown, whatever the server makes of it', async () => {
    const log = new FakeLog({ cursors });
    log.arrive(t0, 'first');
    const source = log.source({ level: 'warning', text: 'DOWN' });
    const time = clock();
    const follower = createFollower(source, await markEnd(source, never), [], time.now);
    log.arrive(t0 + 1, 'down', 'info');
    log.arrive(t0 + 2, 'down 1', 'error');
    log.arrive(t0 + 3, 'up', 'error');
    log.arrive(t0 + 4, 'Down 2', 'warn');
    expect((await drain(follower, 3, time.tick)).texts).toEqual(['down 1', 'Down 2']);
  });
});

describe('with cursors', () => {
  test('the newest by time is not the last to arrive: what came late before is not repeated', async () => {
    const log = new FakeLog({ cursors: true });
    log.arrive(t0, 'newest');
    for (let at = 0; at < 50; at++) log.arrive(t0 - 60_000 - at, `late ${at}`);
    const source = log.source();
    const mark = await markEnd(source, never);
    const follower = createFollower(source, mark, (await lastRecords(source, all, 3, true, never)).records, () => t0);
    log.arrive(t0 + 1, 'after');
    expect((await drain(follower, 2)).texts).toEqual(['after']);
  });

  test('what arrives between the mark and the history is shown once', async () => {
    const log = new FakeLog({ cursors: true });
    for (let at = 0; at < 5; at++) log.arrive(t0 + at, `m${at}`);
    const source = log.source();
    const mark = await markEnd(source, never);
    log.arrive(t0 + 10, 'between');
    const { records } = await lastRecords(source, all, 3, true, never);
    expect(records.at(-1)?.msg).toBe('between');
    const follower = createFollower(source, mark, records, () => t0);
    log.arrive(t0 + 11, 'after');
    expect((await drain(follower, 2)).texts).toEqual(['after']);
  });
});

describe('without cursors', () => {
  test('what comes later than the window is a gap with its number', async () => {
    const log = new FakeLog({ cursors: false });
    log.arrive(t0, 'first');
    const source = log.source();
    const time = clock();
    const follower = createFollower(source, await markEnd(source, never), [], time.now);
    log.arrive(t0 + 1000, 'old');
    log.arrive(t0 + 600_000, 'new');
    await drain(follower, 2, time.tick);
    for (let at = 0; at < 3; at++) log.arrive(t0 + 2000 + at, `too late ${at}`);
    const { texts, missing } = await drain(follower, 5, time.tick);
    expect({ texts, missing }).toEqual({ texts: [], missing: 3 });
  });

  test('a server that gives out ten thousand of a second and no more: the rest is a gap', async () => {
    const log = new FakeLog({ cursors: false });
    log.arrive(t0, 'first');
    const source = log.source();
    for (let at = 0; at < 10_500; at++) log.arrive(t0 + 5000, `m${at}`);
    log.arrive(t0 + 7000, 'behind');
    const swept = await sweep(source, { start: t0 / 1000 + 1 }, never);
    expect(swept?.records.at(-1)?.msg).toBe('behind');
    expect((swept?.records.length ?? 0) + (swept?.missing ?? 0)).toBe(10_501);
    expect(swept?.missing).toBeGreaterThan(0);
    expect(log.deepest).toBeLessThanOrEqual(10_000);
  });
});

describe('reading forward', () => {
  test('any log comes out whole, once and in order of time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 1500 }), async (times) => {
        const log = new FakeLog({ cursors: false });
        for (const [at, time] of times.entries()) log.arrive(t0 + time, `m${at}`);
        const texts: string[] = [];
        let last = 0;
        for await (const step of forward(log.source(), {}, false, never)) {
          for (const record of step.records) {
            expect(record.time).toBeGreaterThanOrEqual(last);
            last = record.time;
            texts.push(record.msg);
          }
        }
        expect(texts.sort()).toEqual(log.records.map((record) => record.msg).sort());
      }),
      { numRuns: 60 },
    );
  });
});
