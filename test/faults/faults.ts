import { parseArgs } from 'node:util';
import { bundle } from '../stand-ins/bundle.ts';
import { startEmqx } from '../stand-ins/emqx/server.ts';
import { plans } from './plans.ts';
import { SeededRandom } from './random.ts';
import { runRound } from './round.ts';
import { WallClock } from './wall-clock.ts';

/**
 * Rounds of each fault against the real agent. A failing round prints what replays it alone. Answers the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, seed: { type: 'string' }, fault: { type: 'string' } },
  });
  const chosen = plans.filter((plan) => values.fault === undefined || plan.name === values.fault);
  if (chosen.length === 0) {
    console.error(`unknown fault "${values.fault}"; there are: ${plans.map((plan) => plan.name).join(', ')}`);
    return 2;
  }
  const rounds = Number(values.rounds ?? (values.seed !== undefined && values.fault !== undefined ? 1 : 10));
  const first = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
  const bundles = await bundle({ writer: 'test/stand-ins/emqx/writer-main.ts' });
  const emqx = await startEmqx();
  const ground = { bundles: bundles.directory, emqxUrl: emqx.dashboardUrl };
  const began = Date.now();
  let failed = 0;
  let done = 0;
  for (const plan of chosen) {
    if (plan.needs === 'clock' && !WallClock.isThere) {
      console.log(`skip  ${plan.name}: libfaketime, which sets the clock of one process, is not installed`);
      continue;
    }
    const base = first + (values.fault === undefined ? plans.indexOf(plan) * 1000 : 0);
    for (let round = 0; round < rounds; round++) {
      const seed = base + round;
      const { problem, summary } = await runRound(plan, new SeededRandom(seed), ground);
      done++;
      if (problem === undefined) {
        console.log(`ok    ${plan.name} seed ${seed}: ${summary}`);
        continue;
      }
      failed++;
      console.log(`FAIL  ${plan.name} seed ${seed}: ${problem} (${summary})`);
      console.log(`      replay: npm run test:faults -- --fault ${plan.name} --seed ${seed}`);
    }
  }
  bundles.remove();
  await emqx.stop();
  console.log(`${done - failed} of ${done} rounds hold, in ${Math.round((Date.now() - began) / 1000)} s`);
  return failed > 0 ? 1 : 0;
}
