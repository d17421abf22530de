import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { behavesAsLog } from './behaviour.ts';
import type { OpenLog } from './support.ts';
import { openLog, start } from './support.ts';

describe('the log in SQLite', () => behavesAsLog(openLog, 25));

describe('the log in SQLite alone', () => {
  let log: OpenLog;
  beforeEach(() => {
    log = openLog();
  });
  afterEach(() => log.close());

  it('holds its order when two million arrivals lie between two records of one millisecond', () => {
    log.write('one', [{ message: 'a' }, { message: 'b' }]);
    log.jump(2 ** 21);
    log.write('one', [{ message: 'c' }, { message: 'd' }]);
    expect(log.messages().sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(log.messages({ cursor: '' })).toEqual(['a', 'b', 'c', 'd']);
  });

  it('bounds the streams of one cluster, and loses nothing for it', () => {
    log.write(
      'one',
      Array.from({ length: 1100 }, (_, at) => ({ time: start + at, node: `node-${at}`, message: `m${at}` })),
    );
    expect(log.ask().total).toBe(1100);
    expect(log.messages({ node: 'node-1099' })).toEqual([]);
  });

  it('finds texts of records that came in no order of time, in one call', () => {
    const documents = Array.from({ length: 3000 }, (_, at) => ({
      time: start + ((at * 7919) % 3001),
      message: `needle ${at} of 客户端 ${at % 7}`,
    }));
    log.write('one', documents);
    // More than is looked through one by one: the index has to answer.
    log.write(
      'one',
      Array.from({ length: 20_000 }, (_, at) => ({ time: start + at, message: `hay ${at}` })),
    );
    expect(log.ask({ text: 'needle 1234 ' }).total).toBe(1);
    expect(log.ask({ text: '客户端 3' }).total).toBe(429);
    expect(log.messages({ text: '客户端', size: 100 })).toEqual(
      documents
        .toSorted((a, b) => a.time - b.time)
        .slice(0, 100)
        .map(({ message }) => message),
    );
  });
});
