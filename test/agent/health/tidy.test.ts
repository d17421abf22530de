import { expect, it } from 'vitest';
import { createTidy } from '../../../agent/health/tidy.ts';

it('collects once after work has ended for a while, and not while there is work', () => {
  const at: number[] = [];
  let now = 0;
  const tidy = createTidy(() => at.push(now));
  const turns = (work: (second: number) => number, until: number) => {
    for (; now < until; now += 1000) tidy(work(now), now);
  };
  turns(() => 0, 60_000);
  expect(at).toEqual([15_000]);
  turns((time) => time, 120_000);
  expect(at).toHaveLength(1);
  turns(() => 7, 300_000);
  expect(at).toEqual([15_000, 135_000]);
});

it('collects for real', () => {
  const tidy = createTidy();
  let garbage: object | undefined = new Array(100_000).fill(0).map(() => ({}));
  const seen = new WeakRef(garbage);
  garbage = undefined;
  tidy(1, 0);
  return new Promise<void>((resolve) => {
    // A weak reference holds what it was made with until the present job has ended.
    setTimeout(() => {
      tidy(1, 20_000);
      setTimeout(() => {
        expect(seen.deref()).toBeUndefined();
        resolve();
      }, 0);
    }, 0);
  });
});
