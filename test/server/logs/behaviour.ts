import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAtLeast, levels } from '../../../src/core/levels.ts';
import type { LogDocument } from '../../../src/server/logs/document.ts';
import type { LogPage, LogQuery } from '../../../src/server/logs/query.ts';
import { everything, start } from './support.ts';

/** A store of any kind, empty at first; what is written can be asked for at once. */
export interface AnyLog {
  write(clusterId: string, documents: readonly Partial<LogDocument>[]): unknown;
  ask(query?: Partial<LogQuery>): LogPage | Promise<LogPage>;
  messages(query?: Partial<LogQuery>): string[] | Promise<string[]>;
  close(): unknown;
}

const numbered = (count: number, more: Partial<LogDocument> = {}): Partial<LogDocument>[] =>
  Array.from({ length: count }, (_, at) => ({ time: start + at, message: `line ${at}`, ...more }));

/** What a log does, whatever keeps it. `runs`: of the test with any documents and any question. */
export function behavesAsLog(open: () => AnyLog | Promise<AnyLog>, runs: number): void {
  let log: AnyLog;
  beforeEach(async () => {
    log = await open();
  });
  afterEach(async () => void (await log.close()));
  const asked = async (query: Partial<LogQuery>) => log.ask(query);

  describe('order', () => {
    it('is that of time, whatever the order of arrival, and of arrival within a millisecond', async () => {
      await log.write('one', [
        { time: start + 5, message: 'late' },
        { time: start, message: 'first' },
        { time: start + 5, message: 'later' },
        { time: start, message: 'second' },
      ]);
      expect(await log.messages()).toEqual(['first', 'second', 'late', 'later']);
      expect(await log.messages({ descending: true })).toEqual(['later', 'late', 'second', 'first']);
    });

    it('runs across nodes, levels and clusters', async () => {
      await log.write('one', [
        { time: start + 3, message: 'c', node: 'n2' },
        { time: start + 1, message: 'a', level: 'error' },
      ]);
      await log.write('two', [
        { time: start + 2, message: 'b' },
        { time: start + 4, message: 'd' },
      ]);
      expect(await log.messages({ clusterIds: ['two', 'one'] })).toEqual(['a', 'b', 'c', 'd']);
    });

    it('is paged without a hole or a repeat', async () => {
      await log.write('one', numbered(250));
      const pages = [];
      for (const offset of [0, 100, 200]) pages.push(...(await log.messages({ offset, descending: true })));
      expect(pages).toEqual(
        numbered(250)
          .map(({ message }) => message)
          .reverse(),
      );
    });
  });

  describe('choice', () => {
    it('by level takes it or worse', async () => {
      await log.write(
        'one',
        levels.map((level, at) => ({ level, message: level, time: start + at })),
      );
      expect(await log.messages({ level: 'warning' })).toEqual(['warning', 'error', 'critical', 'alert', 'emergency']);
      expect(await log.messages({ level: 'debug' })).toHaveLength(8);
    });

    it('by time takes both ends in', async () => {
      await log.write('one', numbered(10));
      expect(await log.messages({ from: start + 2, to: start + 4 })).toEqual(['line 2', 'line 3', 'line 4']);
      expect(await log.ask({ from: start + 4, to: start + 2 })).toEqual({ total: 0, records: [] });
    });

    it('by cluster shows nothing of another', async () => {
      await log.write('one', [{ message: 'mine' }]);
      await log.write('two', [{ message: 'theirs' }]);
      expect(await log.messages({ clusterIds: ['one'] })).toEqual(['mine']);
      expect(await log.messages({ clusterIds: ['one'], text: 'theirs' })).toEqual([]);
      expect((await log.ask({ clusterIds: [] })).total).toBe(0);
      expect((await log.ask({ clusterIds: ['unknown'] })).total).toBe(0);
    });

    it.each([
      ['ASCII in any case', 'Not_AUTHORIZED', ['publish not_authorized']],
      ['two letters', 'ok', ['OK']],
      ['Chinese inside a sentence', '端连接', ['客户端连接失败：c1']],
      ['two Chinese characters', '失败', ['客户端连接失败：c1']],
      ['both mixed', '败：C1', ['客户端连接失败：c1']],
      ['other letters that have case', 'ÜBERGRÖSSE', ['Übergrösse erreicht']],
      ['Cyrillic', 'ошибка', ['ОШИБКА подключения']],
      ['what the index reads as syntax', '"a" AND (b*', ['say "a" AND (b*c']],
      ['wildcards of SQL', '100%_', ['100%_done']],
      ['characters beyond the first plane', '😀😀😀', ['😀😀😀!']],
      ['a line break', 'two\nlines', ['two\nlines here']],
      ['what is nowhere', 'zzz', []],
    ])('by text finds %s', async (_, text, found) => {
      await log.write(
        'one',
        [
          'publish not_authorized',
          'OK',
          '客户端连接失败：c1',
          'Übergrösse erreicht',
          'ОШИБКА подключения',
          'say "a" AND (b*c',
          '100%_done',
          '😀😀😀!',
          'two\nlines here',
          '100 percent done',
        ].map((message) => ({ message })),
      );
      expect(await log.messages({ text })).toEqual(found);
      expect((await log.ask({ text })).total).toBe(found.length);
    });
  });

  describe('a cursor', () => {
    it('goes on in the order of arrival, exactly behind its record', async () => {
      await log.write('one', numbered(3));
      const [, second] = (await log.ask()).records;
      await log.write('one', [
        { time: start - 1000, message: 'old but new' },
        { time: start + 1000, message: 'new' },
      ]);
      expect(await log.messages({ cursor: second?.cursor ?? '' })).toEqual(['line 2', 'old but new', 'new']);
      expect(await log.messages({ cursor: '' })).toEqual(['line 0', 'line 1', 'line 2', 'old but new', 'new']);
    });

    it('leads a follower past everything once, also through what it does not want', async () => {
      const seen: string[] = [];
      let cursor = '';
      for (let round = 0; round < 30; round++) {
        await log.write(
          'one',
          numbered(7, { level: round % 2 ? 'error' : 'info', time: start - round, message: `round ${round}` }),
        );
        await log.write('two', numbered(5));
        const { records } = await log.ask({ cursor, level: 'error', size: 10 });
        seen.push(...records.map(({ message }) => message));
        cursor = records.at(-1)?.cursor ?? cursor;
      }
      const all = await log.messages({ cursor: '', level: 'error', size: 100 });
      all.push(...(await log.messages({ cursor: '', level: 'error', offset: 100 })));
      expect(seen).toEqual(all.slice(0, seen.length));
      expect(new Set(all).size).toBe(15);
    });

    it('counts exactly and reaches the last one from the end', async () => {
      await log.write('one', numbered(501));
      const { cursor } = (await log.ask()).records[0] ?? { cursor: '' };
      expect((await log.ask({ cursor })).total).toBe(500);
      expect(await log.messages({ cursor, size: 1, offset: 499 })).toEqual(['line 500']);
      expect(await log.messages({ cursor, size: 3, offset: 300 })).toEqual(['line 301', 'line 302', 'line 303']);
      expect(await log.messages({ cursor, size: 10, offset: 495 })).toEqual([
        'line 496',
        'line 497',
        'line 498',
        'line 499',
        'line 500',
      ]);
      expect(await log.messages({ cursor, size: 10, offset: 900 })).toEqual([]);
    });

    it('filters by text too, near and far', async () => {
      await log.write(
        'one',
        numbered(25_000).map((document, at) =>
          at % 5000 === 4999 ? { ...document, message: `needle ${at}` } : document,
        ),
      );
      expect(await log.messages({ cursor: '', text: 'NEEDLE' })).toEqual(
        [4999, 9999, 14_999, 19_999, 24_999].map((at) => `needle ${at}`),
      );
      expect(await log.messages({ cursor: '', text: 'NEEDLE', size: 2, offset: 3 })).toEqual([
        'needle 19999',
        'needle 24999',
      ]);
      const third = (await log.ask({ cursor: '', text: 'needle' })).records[2];
      expect(await log.messages({ cursor: third?.cursor ?? '', text: 'needle' })).toEqual([
        'needle 19999',
        'needle 24999',
      ]);
    });

    it('of another log, or of nothing, is refused', async () => {
      await log.write('one', numbered(3));
      const other = await open();
      await other.write('one', numbered(3));
      const cursor = (await other.ask()).records[0]?.cursor ?? '';
      await other.close();
      await expect(asked({ cursor })).rejects.toThrow(expect.objectContaining({ code: 'conflict' }));
      await expect(asked({ cursor: 'what' })).rejects.toThrow(expect.objectContaining({ code: 'invalid_value' }));
    });
  });

  describe('many streams', () => {
    it('are read as one', async () => {
      const documents = Array.from({ length: 900 }, (_, at) => ({
        time: start + at,
        node: `node-${at}`,
        message: `m${at}`,
      }));
      await log.write('one', documents);
      expect(await log.ask({ size: 2 })).toMatchObject({ total: 900, records: [{ message: 'm0' }, { message: 'm1' }] });
      expect(await log.messages({ descending: true, size: 2, offset: 898 })).toEqual(['m1', 'm0']);
      expect(await log.messages({ cursor: '', size: 3, offset: 600 })).toEqual(['m600', 'm601', 'm602']);
      expect(await log.messages({ node: 'node-77' })).toEqual(['m77']);
      expect(await log.messages({ text: 'm89' })).toEqual([
        'm89',
        ...Array.from({ length: 10 }, (_, at) => `m89${at}`),
      ]);
    });
  });

  describe('any documents and any question', () => {
    const words = ['client', 'Client', 'not_authorized', 'tag: AUTHZ', '客户端', '连接失败', 'é', 'É', ' ', 'x', '%'];
    const document = fc.record({
      time: fc.integer({ min: start, max: start + 50 }),
      level: fc.constantFrom(...levels),
      node: fc.constantFrom('n1', 'n2'),
      dataset: fc.constantFrom('emqx.log', 'emqx.audit'),
      message: fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((parts) => parts.join('')),
    });
    const arrival = fc.record({ clusterId: fc.constantFrom('one', 'two', 'three'), document });
    const question = fc.record({
      clusterIds: fc.constantFrom(['one'], ['one', 'three'], ['one', 'two', 'three']),
      from: fc.integer({ min: start - 5, max: start + 55 }),
      to: fc.integer({ min: start - 5, max: start + 55 }),
      level: fc.constantFrom(...levels),
      text: fc.array(fc.constantFrom(...words), { maxLength: 2 }).map((parts) => parts.join('')),
      node: fc.constantFrom('', 'n1', 'n2'),
      descending: fc.boolean(),
      size: fc.integer({ min: 1, max: 20 }),
      offset: fc.integer({ min: 0, max: 20 }),
      /** After the record that arrived at this place. */
      after: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
    });

    it('are answered as by looking through all of them', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(arrival, { maxLength: 40 }),
          fc.array(question, { minLength: 1, maxLength: 5 }),
          async (arrivals, questions) => {
            const own = await open();
            try {
              for (const { clusterId, document: one } of arrivals) await own.write(clusterId, [one]);
              const written = await own.ask({ clusterIds: ['one', 'two', 'three'], cursor: '' });
              const cursors = written.records.map(({ cursor }) => cursor);
              for (const { after, ...query } of questions) {
                const cursor =
                  after === undefined
                    ? undefined
                    : after === 0
                      ? ''
                      : (cursors[Math.min(after, cursors.length) - 1] ?? '');
                const place = cursor === undefined ? 0 : cursors.indexOf(cursor) + 1;
                const { total, records } = await own.ask({ ...query, cursor });
                const wanted = naive(arrivals, { ...everything, ...query, cursor }, place);
                expect(
                  records.map(({ message, time, level, node, dataset, clusterId }) => ({
                    clusterId,
                    document: { message, time, level, node, dataset },
                  })),
                ).toEqual(wanted.slice(query.offset, query.offset + query.size));
                // With a cursor and a text the total may say no more than whether there is more.
                if (cursor === undefined || query.text === '') expect(total).toBe(wanted.length);
                else expect(total > query.offset + query.size).toBe(wanted.length > query.offset + query.size);
              }
            } finally {
              await own.close();
            }
          },
        ),
        { numRuns: runs },
      );
    });

    type Arrival = { clusterId: string; document: LogDocument };

    function naive(arrivals: readonly Arrival[], query: LogQuery, place: number): Arrival[] {
      const chosen = arrivals
        .map((one, at) => ({ ...one, at: at + 1 }))
        .filter(
          ({ clusterId, document: { time, level, node, message }, at }) =>
            query.clusterIds.includes(clusterId) &&
            time >= query.from &&
            time <= query.to &&
            isAtLeast(level, query.level) &&
            (query.node === '' || node === query.node) &&
            message.toLowerCase().includes(query.text.toLowerCase()) &&
            at > place,
        );
      if (query.cursor === undefined) {
        chosen.sort((a, b) => a.document.time - b.document.time || a.at - b.at);
        if (query.descending) chosen.reverse();
      }
      return chosen.map(({ clusterId, document: one }) => ({ clusterId, document: one }));
    }
  });
}
