import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyReader, Credit, sendBody } from '../../src/contract/frame-body.ts';
import { tunnelLimits } from '../../src/contract/frames.ts';

async function* source(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

const never = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a body in frames', () => {
  it('arrives byte for byte, whatever its pieces, and is never more than the window ahead', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 12 }), async (sizes) => {
        const pieces = sizes.map((size, n) => Buffer.alloc(size, n + 1));
        const credit = new Credit();
        const reader = new BodyReader((frames) => credit.grant(frames));
        let ahead = 0;
        let most = 0;
        const sent = sendBody(
          source(pieces),
          credit,
          {
            data(seq, bytes) {
              most = Math.max(most, ++ahead);
              expect(bytes.length).toBeLessThanOrEqual(tunnelLimits.chunk);
              reader.push(seq, bytes);
            },
            end: (seq) => reader.end(seq),
          },
          never,
        );
        const got: Uint8Array[] = [];
        for await (const piece of reader) {
          ahead -= 1;
          got.push(piece);
          await settle();
        }
        await sent;
        expect(Buffer.concat(got).equals(Buffer.concat(pieces))).toBe(true);
        expect(most).toBeLessThanOrEqual(tunnelLimits.window);
      }),
      { numRuns: 30 },
    );
  });

  it('stops at the window while nobody reads', async () => {
    let sent = 0;
    const stop = new AbortController();
    const sending = sendBody(
      source(Array.from({ length: 100 }, () => Buffer.alloc(10))),
      new Credit(),
      { data: () => void sent++, end: () => {} },
      stop.signal,
    );
    await settle();
    expect(sent).toBe(tunnelLimits.window);
    stop.abort(new Error('enough'));
    await expect(sending).rejects.toThrow('enough');
    expect(sent).toBe(tunnelLimits.window);
  });

  it('notices a lost frame, a lost end and an overrun window; the same frame twice is no harm', async () => {
    const reader = new BodyReader(() => {});
    reader.push(0, Buffer.from('a'));
    reader.push(0, Buffer.from('a'));
    expect(() => reader.push(2, Buffer.from('c'))).toThrow('data frame 1 was lost on the way');
    expect(() => reader.end(2)).toThrow('data frame 1 was lost on the way');
    reader.end(1);
    const got: string[] = [];
    for await (const piece of reader) got.push(Buffer.from(piece).toString());
    expect(got).toEqual(['a']);

    const full = new BodyReader(() => {});
    for (let seq = 0; seq < tunnelLimits.window; seq++) full.push(seq, Buffer.alloc(1));
    expect(() => full.push(tunnelLimits.window, Buffer.alloc(1))).toThrow(/sent ahead/);
  });

  it('that fails half way throws its error to the reader; one that was complete does not', async () => {
    const half = new BodyReader(() => {});
    half.push(0, Buffer.from('a'));
    half.fail(new Error('cut'));
    await expect(half[Symbol.asyncIterator]().next()).rejects.toThrow('cut');

    const whole = new BodyReader(() => {});
    whole.push(0, Buffer.from('a'));
    whole.end(1);
    whole.fail(new Error('cut'));
    const got: Uint8Array[] = [];
    for await (const piece of whole) got.push(piece);
    expect(got.length).toBe(1);
  });

  it('wakes a reader that waits', async () => {
    const reader = new BodyReader(() => {});
    const first = reader[Symbol.asyncIterator]().next();
    await settle();
    reader.push(0, Buffer.from('x'));
    expect((await first).done).toBe(false);
  });
});
