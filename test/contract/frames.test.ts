import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/contract/frames.ts';
import {
  decodeFrame,
  encodeFrame,
  frameKinds,
  TunnelError,
  tunnelLimits,
  tunnelMethods,
} from '../../src/contract/frames.ts';

const id = '00112233445566778899aabbccddeeff';

const ids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const bodies = fc.uint8Array({ maxLength: 2000 });
const fields = fc.dictionary(
  fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}$/).filter((name) => name !== '__proto__'),
  fc.stringMatching(/^[\t\x20-\x7e]{0,80}$/),
  { maxKeys: 8, noNullPrototype: true },
);
const more = fc.constantFrom({}, { more: true as const });
const none = fc.constant(new Uint8Array(0));

const requests = fc.tuple(
  fc.record({
    method: fc.constantFrom(...tunnelMethods),
    path: fc.string({ minLength: 1, maxLength: 200 }),
    headers: fields,
    deadlineMs: fc.integer({ min: 1, max: tunnelLimits.deadlineMs }),
  }),
  more,
);
const responses = fc.tuple(fc.record({ status: fc.integer({ min: 100, max: 599 }), headers: fields }), more);

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    id: ids,
    header: requests.map(([h, m]) => ({ ...h, ...m })),
    body: bodies,
  }),
  fc.record({
    kind: fc.constant('response' as const),
    id: ids,
    header: responses.map(([h, m]) => ({ ...h, ...m })),
    body: bodies,
  }),
  fc.record({ kind: fc.constant('data' as const), id: ids, header: fc.record({ seq: fc.nat() }), body: bodies }),
  fc.record({
    kind: fc.constant('data' as const),
    id: ids,
    header: fc.record({ credit: fc.integer({ min: 1, max: 1024 }) }),
    body: none,
  }),
  fc.record({ kind: fc.constant('end' as const), id: ids, header: fc.record({ seq: fc.nat() }), body: none }),
  fc.record({ kind: fc.constant('cancel' as const), id: ids, header: fc.constant({}), body: none }),
  fc.record({
    kind: fc.constant('error' as const),
    id: ids,
    header: fc.record({
      code: fc.constantFrom('busy' as const, 'cut' as const),
      message: fc.string({ maxLength: 200 }),
    }),
    body: none,
  }),
);

/** What `decodeFrame` says of bytes that are no frame. */
function refusal(bytes: Uint8Array): TunnelError {
  try {
    decodeFrame(bytes);
  } catch (error) {
    if (error instanceof TunnelError) return error;
    throw error;
  }
  throw new Error('decodeFrame took what it should refuse');
}

/** A frame put together by hand, right or wrong. */
function raw(kind: number, header: string | Uint8Array, body = '', { version = 1, length = -1 } = {}): Buffer {
  const text = Buffer.from(header as string);
  const head = Buffer.alloc(22);
  head[0] = version;
  head[1] = kind;
  head.write(id, 2, 'hex');
  head.writeUInt32BE(length < 0 ? text.length : length, 18);
  return Buffer.concat([head, text, Buffer.from(body)]);
}

describe('frames', () => {
  it('have the bytes that the wire format says', () => {
    const bytes = encodeFrame('data', id, { seq: 7 }, Buffer.from('abc'));
    expect(bytes.toString('latin1')).toBe(
      '\x01\x03\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x00\x00\x00\x09{"seq":7}abc',
    );
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const { kind, header, body } = frame;
        const back = decodeFrame(encodeFrame(kind, frame.id, header as never, body));
        expect(back.kind).toBe(kind);
        expect(back.id).toBe(frame.id);
        expect(back.header).toEqual(header);
        expect(Buffer.compare(back.body, body)).toBe(0);
      }),
    );
  });

  it('are read from any view of memory, not only from a Buffer of their own', () => {
    const bytes = encodeFrame('response', id, { status: 200, headers: {} }, Buffer.from('hello'));
    const room = new Uint8Array(bytes.length + 13);
    room.set(bytes, 5);
    expect(Buffer.from(decodeFrame(room.subarray(5, 5 + bytes.length)).body).toString()).toBe('hello');
  });

  it('that are noise end in an error of ours and never in another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['bad_frame', 'version']).toContain(refusal(bytes).code);
      }),
    );
  });

  it('with one byte changed are either still valid or refused', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, at, change) => {
        const bytes = encodeFrame(frame.kind, frame.id, frame.header as never, frame.body);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ change;
        try {
          const back = decodeFrame(bytes);
          expect(Object.keys(frameKinds)).toContain(back.kind);
        } catch (error) {
          expect(error).toBeInstanceOf(TunnelError);
        }
      }),
    );
  });

  it('cut short anywhere are refused, or end in a shorter body', () => {
    const whole = encodeFrame(
      'request',
      id,
      { method: 'GET', path: '/x', headers: {}, deadlineMs: 5 },
      Buffer.from('12345'),
    );
    for (let length = 0; length < whole.length - 5; length++) {
      expect(refusal(whole.subarray(0, length)).code).toBe('bad_frame');
    }
    expect(decodeFrame(whole.subarray(0, whole.length - 5)).body.length).toBe(0);
  });

  it('of another version are answered with the versions spoken, and with their id', () => {
    const error = refusal(raw(1, '{}', '', { version: 2 }));
    expect(error.code).toBe('version');
    expect(error.id).toBe(id);
    expect(error.header).toEqual({
      code: 'version',
      message: 'frame version 2 is not spoken here; spoken: 1',
      versions: [1],
    });
  });

  const request = { method: 'GET', path: '/api/v5/nodes', headers: {}, deadlineMs: 1000 };
  const wrong: readonly [string, number, unknown][] = [
    ['a method that is none', 1, { ...request, method: 'CONNECT' }],
    ['an empty path', 1, { ...request, path: '' }],
    ['a path over the limit', 1, { ...request, path: `/${'a'.repeat(tunnelLimits.path)}` }],
    ['a deadline of nothing', 1, { ...request, deadlineMs: 0 }],
    ['a deadline over an hour', 1, { ...request, deadlineMs: 3_600_001 }],
    ['a line break in a header', 1, { ...request, headers: { a: 'b\r\nc: d' } }],
    ['a NUL in a header', 1, { ...request, headers: { a: 'b\0' } }],
    ['a blank in the name of a header', 1, { ...request, headers: { 'a b': 'c' } }],
    ['a header that is a list', 1, { ...request, headers: { a: ['b'] } }],
    [
      'too many headers',
      1,
      { ...request, headers: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`h${n}`, ''])) },
    ],
    ['no headers', 1, { ...request, headers: undefined }],
    ['a status that is none', 2, { status: 99, headers: {} }],
    ['data without number or credit', 3, {}],
    ['a negative number', 3, { seq: -1 }],
    ['no credit at all', 3, { credit: 0 }],
    ['an end without count', 4, {}],
    ['an unknown error', 6, { code: 'nonsense', message: '' }],
    ['a list for a header', 5, []],
    ['null for a header', 5, null],
  ];
  it.each(wrong)('refuse %s', (_, kind, header) => {
    const error = refusal(raw(kind, JSON.stringify(header)));
    expect(error.code).toBe('bad_frame');
    expect(error.id).toBe(id);
  });

  it('refuse what is not JSON, not UTF-8, of unknown kind, or longer than it says', () => {
    expect(refusal(raw(5, '{')).message).toBe('the header is not JSON');
    expect(refusal(raw(5, Buffer.from([0x22, 0xff, 0x22]))).message).toBe('the header is not JSON');
    expect(refusal(raw(0, '{}')).message).toBe('unknown kind of frame 0');
    expect(refusal(raw(7, '{}')).message).toBe('unknown kind of frame 7');
    expect(refusal(raw(5, '{}', '', { length: 3 })).message).toBe('the header is cut short');
    expect(refusal(raw(5, '{}', '', { length: 0xffffffff })).message).toMatch(/over the limit/);
    expect(refusal(raw(5, '{}', 'x')).message).toBe('a body where a cancel frame has none');
    expect(refusal(raw(3, '{"credit":1}', 'x')).message).toBe('a body where a data frame has none');
  });

  it('are at most 256 KiB, in and out', () => {
    const room = tunnelLimits.frame - 22 - '{"seq":0}'.length;
    expect(decodeFrame(encodeFrame('data', id, { seq: 0 }, Buffer.alloc(room))).body.length).toBe(room);
    expect(() => encodeFrame('data', id, { seq: 0 }, Buffer.alloc(room + 1))).toThrow(/over the limit/);
    expect(refusal(raw(3, '{"seq":0}', 'x'.repeat(room + 1))).message).toMatch(/over the limit/);
  });

  it('are held to the same rules when we send them', () => {
    expect(() => encodeFrame('data', 'abc', { seq: 0 })).toThrow('the id is not 32 hexadecimal digits');
    expect(() => encodeFrame('response', id, { status: 200, headers: { a: 'b\nc' } })).toThrow(/not valid/);
    expect(() => encodeFrame('end', id, { seq: 0 }, Buffer.from('x'))).toThrow(/a body where/);
  });
});
