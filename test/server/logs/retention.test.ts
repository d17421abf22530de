import { afterEach, describe, expect, it } from 'vitest';
import type { OpenLog } from './support.ts';
import { openLog, start } from './support.ts';

const day = 24 * 3_600_000;
let log: OpenLog;

afterEach(() => log.close());

const some = (count: number, prefix: string, size = 0) =>
  Array.from({ length: count }, (_, at) => ({
    time: start,
    node: `n${at % 3}`,
    message: `${prefix} ${at} ${'client1 not_authorized '.repeat(size / 23)}`,
  }));

function retain(): number {
  let steps = 0;
  while (log.retainer.step(log.now)) steps += 1;
  return steps;
}

describe('retention by days', () => {
  it('counts from the arrival, not from what a clock without a battery says', () => {
    log = openLog({ days: 2, bytes: 1024 ** 3 });
    log.write('one', [{ time: 0, message: 'from 1970' }]);
    log.now += 1.5 * day;
    log.write('one', [{ time: start - 90 * day, message: 'read late' }]);
    retain();
    expect(log.messages()).toEqual(['from 1970', 'read late']);
    log.now += 0.6 * day;
    retain();
    expect(log.messages()).toEqual(['read late']);
    log.now += 30 * day;
    retain();
    expect(log.ask()).toEqual({ total: 0, records: [] });
    log.write('one', [{ message: 'goes on' }]);
    expect(log.messages({ cursor: '' })).toEqual(['goes on']);
  });

  it('goes in small steps, and across clusters', () => {
    log = openLog({ days: 1, bytes: 1024 ** 3 });
    log.write('one', some(700, 'old'));
    log.write('two', some(700, 'old'));
    log.now += 3 * day;
    log.write('one', some(5, 'new'));
    expect(retain()).toBeGreaterThanOrEqual(2);
    expect(log.ask({ clusterIds: ['one', 'two'] }).total).toBe(5);
    expect(log.messages({ clusterIds: ['one', 'two'], text: 'old' })).toEqual([]);
    expect(log.messages({ text: 'new' })).toHaveLength(5);
  });
});

describe('retention by bytes', () => {
  it('keeps the file near its limit however much comes, and the newest in it', () => {
    const bytes = 4 * 1024 * 1024;
    log = openLog({ days: 7, bytes });
    for (let round = 0; round < 12; round++) {
      log.write('one', some(1000, `round ${round}`, 400));
      retain();
      expect(log.retainer.usedBytes()).toBeLessThanOrEqual(bytes);
    }
    const { total } = log.ask();
    expect(total).toBeGreaterThan(2000);
    expect(total).toBeLessThan(12 * 1000);
    expect(log.messages({ text: 'round 11 999' })).toHaveLength(1);
    expect(log.messages({ text: 'round 0 ' })).toEqual([]);
  });
});

describe('a cursor whose following records were deleted', () => {
  it('is refused, because going on would hide the hole', () => {
    log = openLog({ days: 1, bytes: 1024 ** 3 });
    log.write('one', some(5, 'old'));
    const cursor = log.ask().records[0]?.cursor ?? '';
    const last = log.ask({ cursor: '' }).records.at(-1)?.cursor ?? '';
    log.now += 3 * day;
    log.write('one', some(2, 'new'));
    retain();
    expect(() => log.ask({ cursor })).toThrow(expect.objectContaining({ code: 'conflict' }));
    // Nothing is missing behind the last of the old ones.
    expect(log.ask({ cursor: last }).total).toBe(2);
  });
});

describe('the log of a deleted cluster', () => {
  it('goes, and no other', () => {
    log = openLog();
    log.write('one', some(1200, 'a'));
    log.write('two', some(10, 'b'));
    while (log.retainer.dropCluster('one'));
    expect(log.ask().total).toBe(0);
    expect(log.ask({ clusterIds: ['two'] }).total).toBe(10);
    log.write('one', [{ message: 'again' }]);
    expect(log.messages()).toEqual(['again']);
  });
});
