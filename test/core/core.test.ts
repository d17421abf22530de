import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { formatDuration, parseDuration } from '../../src/core/duration.ts';
import { errors, exit, Failure, reasonOf } from '../../src/core/errors.ts';
import { isAtLeast, levels, levelsFrom, parseLevel } from '../../src/core/levels.ts';
import { newId } from '../../src/core/random.ts';
import { backoffDelay, parseRetryAfter, withRetry } from '../../src/core/retry.ts';
import { parseSize } from '../../src/core/size.ts';
import { epochToMs, parseApiTime, parseMoment } from '../../src/core/time.ts';

describe('levels', () => {
  it('reads every level in any case and the short forms', () => {
    for (const level of levels) expect(parseLevel(level.toUpperCase())).toBe(level);
    expect(parseLevel('warn')).toBe('warning');
    expect(parseLevel('constructor')).toBeUndefined();
  });

  it('orders them as RFC 5424 does', () => {
    expect(levelsFrom('critical')).toEqual(['critical', 'alert', 'emergency']);
    expect(isAtLeast('error', 'warning')).toBe(true);
    expect(isAtLeast('notice', 'warning')).toBe(false);
  });
});

describe('sizes', () => {
  it.each([
    ['1024', 1024],
    ['512KiB', 512 * 1024],
    ['10MiB', 10 * 1024 ** 2],
    ['10 mb', 10 * 1024 ** 2],
    ['1.5g', 1.5 * 1024 ** 3],
    ['2TiB', 2 * 1024 ** 4],
  ])('reads %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', 'MiB', '-1MiB', '1 PiB', '1..5M', '0x10', '1e9', 'ten'])('refuses %j', (text) =>
    expect(parseSize(text)).toBeUndefined(),
  );
});

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['15', 15_000],
    ['1.5h', 5_400_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', 's', '10 s x', '-5s', '1y', '5ss', 'NaN'])('refuses %j', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  it('writes what it reads back within its precision', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000 }), (seconds) => {
        const back = parseDuration(formatDuration(seconds * 1000).replaceAll(' ', '')) ?? Number.NaN;
        expect(back).toBeLessThanOrEqual(seconds * 1000);
        expect(seconds * 1000 - back).toBeLessThan(Math.max(1, seconds * 1000 * 0.05));
      }),
    );
  });
});

describe('times', () => {
  it('takes Go nanoseconds and knows never', () => {
    expect(parseApiTime('2024-05-01T10:00:00.123456789+08:00')?.toISOString()).toBe('2024-05-01T02:00:00.123Z');
    expect(parseApiTime('0001-01-01T00:00:00Z')).toBeUndefined();
    expect(parseApiTime('soon')).toBeUndefined();
  });

  it('tells s, ms, us and ns apart by magnitude', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100_000_000, max: 32_000_000_000 }), (seconds) => {
        const ms = seconds * 1000;
        expect(epochToMs(seconds)).toBe(ms);
        expect(epochToMs(ms)).toBe(ms);
        expect(epochToMs(ms * 1000)).toBe(ms);
        // Nanoseconds pass 2^53: a double is off by less than a microsecond there.
        if (ms * 1e6 >= 1e17) expect(Math.abs(epochToMs(ms * 1e6) - ms)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('reads moments as a person writes them', () => {
    const now = Date.parse('2024-05-01T12:00:00Z');
    expect(parseMoment('10m', now)).toBe(now - 600_000);
    expect(parseMoment('now', now)).toBe(now);
    expect(parseMoment('2024-05-01T11:00:00Z', now)).toBe(now - 3_600_000);
    expect(parseMoment('2024-05-01 11:00:00', now)).toBe(new Date(2024, 4, 1, 11).getTime());
    expect(parseMoment('2024-05-01', now)).toBe(new Date(2024, 4, 1).getTime());
    expect(parseMoment('yesterday', now)).toBeUndefined();
    expect(parseMoment('2024-13-01', now)).toBeUndefined();
  });
});

describe('retry', () => {
  it('draws between nothing and the doubled ceiling, never less than was asked for', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        fc.nat(10_000),
        (attempt, draw, least) => {
          const delay = backoffDelay(attempt, { base: 100, cap: 5000 }, () => draw, least);
          expect(delay).toBeGreaterThanOrEqual(least);
          expect(delay).toBeLessThanOrEqual(least + Math.min(5000, 100 * 2 ** attempt));
        },
      ),
    );
  });

  it('reads Retry-After in both spellings', () => {
    expect(parseRetryAfter('3', 0)).toBe(3000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:05 GMT', 2000)).toBe(3000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', 2000)).toBe(0);
    expect(parseRetryAfter('soon', 0)).toBeUndefined();
  });

  const still = { ...systemClock, sleep: async (_ms: number, signal?: AbortSignal) => signal?.throwIfAborted() };

  it('repeats what may be repeated and hands the last error out unchanged', async () => {
    const policy = { attempts: 3, base: 1, cap: 1, retryable: (error: unknown) => (error === 'again' ? 0 : undefined) };
    const outside = { clock: still, random: () => 0 };
    let runs = 0;
    await expect(withRetry(async () => (++runs < 3 ? Promise.reject('again') : runs), policy, outside)).resolves.toBe(
      3,
    );
    runs = 0;
    await expect(withRetry(async () => Promise.reject(++runs && 'again'), policy, outside)).rejects.toBe('again');
    expect(runs).toBe(3);
    runs = 0;
    await expect(withRetry(async () => Promise.reject(++runs && 'for good'), policy, outside)).rejects.toBe('for good');
    expect(runs).toBe(1);
  });

  it('ends at once when the signal aborts in a sleep', async () => {
    const abort = new AbortController();
    const waiting = systemClock.sleep(60_000, abort.signal);
    abort.abort(new Failure('interrupted'));
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    await expect(systemClock.sleep(60_000, abort.signal)).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('errors', () => {
  const codes = new Set<number>(Object.values(exit));

  it.each(Object.entries(errors))('%s has a known exit code and the same places in both languages', (_code, row) => {
    const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([place]) => place).sort();
    expect(codes.has(row.exit)).toBe(true);
    expect(places(row.text.zh)).toEqual(places(row.text.en));
    expect(row.text.zh).not.toBe('');
    if ('hint' in row && row.hint) expect(places(row.hint.zh)).toEqual(places(row.hint.en));
  });

  it('says a failure in both languages, texts among the values too', () => {
    const failure = new Failure('refused', { reason: { en: 'it runs', zh: '正在运行' } });
    expect(failure.sentence('en')).toBe('refused: it runs');
    expect(failure.sentence('zh')).toBe('被拒绝：正在运行');
    expect(failure.exit).toBe(5);
  });

  it('finds the words of nested errors', () => {
    expect(reasonOf(new AggregateError([new Error('refused by ::1'), new Error('b')]))).toBe('refused by ::1');
    expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(reasonOf('text')).toBe('text');
  });
});

describe('ids', () => {
  it('are 12 lower-case letters and digits, each equally likely', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 3000; round++) {
      const id = newId();
      expect(id).toMatch(/^[a-z0-9]{12}$/);
      for (const letter of id) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(counts.size).toBe(36);
    // 1,000 expected of each: seven standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(225);
  });

  it('goes on drawing when bytes are cut', () => {
    let round = 0;
    expect(newId((size) => Buffer.alloc(size, round++ < 2 ? 255 : 1))).toBe('bbbbbbbbbbbb');
  });
});
