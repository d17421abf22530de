import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long it must have been quiet before memory is given back, in milliseconds. */
const quietMs = 15_000;

/**
 * Gives memory back after work. V8 collects when it allocates, and an agent with nothing to do allocates nothing: what a
 * burst of logs took would stay for hours. Call it on each turn with a number that changes while there is work; one
 * collection of an idle heap takes about 20 ms.
 */
export function createTidy(collect: () => void = collectGarbage): (work: number, now: number) => void {
  let last: number | undefined;
  let quietSince = 0;
  let due = false;
  return (work, now) => {
    if (work !== last) {
      last = work;
      quietSince = now;
      due = true;
    } else if (due && now - quietSince >= quietMs) {
      due = false;
      collect();
    }
  };
}

/** Node has no call for it; the flag with a fresh context is the documented way of V8's own shell. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
