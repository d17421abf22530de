import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodiesOf, documentsOf, recordsOf } from './one-line.ts';

/** FUZZ_RUNS=1000000 npx vitest run test/agent/logs/fuzz.test.ts: the same targets for as long as one likes. */
const runs = Number(process.env.FUZZ_RUNS ?? 300);

const time = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().replace('Z', '123+00:00'));
const level = fc.constantFrom('debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency');
const noise = fc.string({ unit: 'binary', maxLength: 60 });
const oneLine = noise.map((text) => text.replace(/[\r\n]/g, ' '));
const key = fc.constantFrom('tag', 'tns', 'clientid', 'msg', 'peername', 'username', 'topic', 'pid', 'mfa', 'other');
const pairs = fc
  .array(fc.tuple(key, oneLine), { maxLength: 8 })
  .map((all) => all.map((pair) => pair.join(': ')).join(', '));
const textLine = fc.tuple(time, level, fc.oneof(pairs, oneLine)).map(([at, name, rest]) => `${at} [${name}] ${rest}`);
const jsonLine = fc
  .dictionary(fc.oneof(key, noise), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 10 })
  .map((value) => JSON.stringify({ time: 1711532079777087, level: 'error', ...value }));
const anyLine = fc.oneof(textLine, jsonLine, oneLine, fc.constantFrom('', '\r', '    clientid: x', '[error]', '{'));
const file = fc
  .tuple(fc.array(anyLine, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'))
  .map(([lines, lineBreak]) => Buffer.from(lines.map((line) => line + lineBreak).join('')));
const garbage = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
/** A file into which something else was written: what a parser expects stands half there. */
const damaged = fc.tuple(file, fc.nat(600), garbage).map(([bytes, at, other]) => {
  const from = Math.min(at, bytes.length);
  return Buffer.concat([bytes.subarray(0, from), other.subarray(0, 20), bytes.subarray(from + (other[0] ?? 0))]);
});
const anything = fc.oneof(file, damaged, garbage);

describe('fuzz', () => {
  it('splitter: the records are the same wherever the reads end', () => {
    fc.assert(
      fc.property(anything, fc.array(fc.nat(600), { maxLength: 8 }), (bytes, cuts) => {
        expect(recordsOf(bytes, cuts)).toEqual(recordsOf(bytes, []));
      }),
      { numRuns: runs },
    );
  });

  it('each parser: both builds make the same of the same bytes, and write nothing beside the body', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        expect(bodiesOf(bytes, 'plain')).toEqual(bodiesOf(bytes, 'simd'));
      }),
      { numRuns: runs },
    );
  });

  it('a long line stays within the body when each byte of it becomes six', () => {
    const head = fc.constantFrom('{"msg":"', '{"a":[', '2026-11-20T20:24:36Z [error] msg: ', '');
    fc.assert(
      fc.property(head, fc.nat(400_000), fc.constantFrom(0, 32, 34, 92, 255), (begin, size, byte) => {
        const bytes = Buffer.concat([Buffer.from(begin), Buffer.alloc(size, byte), Buffer.from('\n{}\n')]);
        const [first = '', ...rest] = bodiesOf(bytes);
        expect(rest.length).toBe(begin === '' && size === 0 ? 0 : 1);
        expect(() => JSON.parse(first.split('\n')[1] ?? '')).not.toThrow();
        expect(bodiesOf(bytes, 'plain')).toEqual([first, ...rest]);
      }),
      { numRuns: Math.ceil(runs / 20) },
    );
  });

  it('splitter: no byte but line breaks is left out', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        let at = 0;
        for (const place of recordsOf(bytes, [])) {
          const [start = 0, end = 0] = place.split('-').map(Number);
          expect(bytes.subarray(at, start).toString('latin1')).toMatch(/^[\r\n]*$/);
          at = end;
        }
        expect(bytes.subarray(at).toString('latin1')).toMatch(/^[\r\n]*$/);
      }),
      { numRuns: runs },
    );
  });

  it('any bytes become documents that are JSON', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        for (const document of documentsOf(bytes)) {
          expect(Date.parse(String(document['@timestamp']))).not.toBeNaN();
          expect(typeof document.message).toBe('string');
        }
      }),
      { numRuns: runs },
    );
  });

  it('text: the message is what stands behind time and level', () => {
    fc.assert(
      fc.property(time, level, oneLine, (at, name, rest) => {
        const [document] = documentsOf(`${at} [${name}] ${rest}\n`);
        expect(document).toMatchObject({ '@timestamp': at, 'log.level': name });
        expect(document?.message).toBe(Buffer.from(rest).toString());
      }),
      { numRuns: runs },
    );
  });

  it('JSON: each value is in the message as it was, and the named ones in their fields', () => {
    fc.assert(
      fc.property(jsonLine, (line) => {
        const value = JSON.parse(line) as Record<string, unknown>;
        const [document, ...more] = documentsOf(`${line}\n`);
        expect(more).toEqual([]);
        for (const [name, inner] of Object.entries(value)) {
          if (name === 'time' || name === 'level') continue;
          const text = typeof inner === 'string' ? inner : JSON.stringify(inner);
          expect(String(document?.message)).toContain(`${name}: ${text}`);
          if (name === 'clientid' && Buffer.byteLength(text) < 300) expect(document?.['emqx.clientid']).toBe(text);
        }
      }),
      { numRuns: runs },
    );
  });
});
