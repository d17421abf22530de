import { renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../stand-ins/sink/sink.ts';
import type { FaultPlan, World } from './round.ts';

async function killSometimes({ agent, random, writingMs }: World, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await sleep(random.between(50, Math.floor(writingMs / times)));
    await agent.end('SIGKILL');
    await sleep(random.between(0, 300));
    await agent.start();
  }
}

/** Lets the sink misbehave for a part of the time, then behave again. */
async function misbehave(world: World, fault: (bulk: number) => Fault | undefined): Promise<void> {
  await sleep(world.random.between(0, 500));
  world.sink.fault = fault;
  await sleep(world.random.between(500, 1500));
  world.sink.fault = () => undefined;
}

export const plans: readonly FaultPlan[] = [
  {
    name: 'kill',
    kills: true,
    run: (world) => killSometimes(world, world.random.between(1, 5)),
  },
  {
    name: 'sink-down',
    async run({ random, sink }) {
      for (let i = random.between(1, 2); i > 0; i--) {
        await sleep(random.between(100, 800));
        await sink.stop();
        await sleep(random.between(100, 1000));
        await sink.start();
      }
    },
  },
  {
    name: 'storm',
    run: (world) =>
      misbehave(world, () => {
        const { random } = world;
        if (random.chance(0.3)) return undefined;
        const retryAfter = random.pick([undefined, '0', '1']);
        return { kind: 'status', status: random.pick([429, 503]), ...(retryAfter === undefined ? {} : { retryAfter }) };
      }),
  },
  {
    name: 'too-large',
    async run({ random, sink, writingMs }) {
      sink.bodyLimit = random.between(2000, 60_000);
      await sleep(writingMs / 2);
      sink.bodyLimit = random.between(100_000, 1_000_000);
    },
  },
  {
    name: 'slow',
    run: (world) => misbehave(world, () => ({ kind: 'slow', ms: world.random.between(10, 600) })),
  },
  {
    name: 'reset',
    run: (world) =>
      misbehave(world, () => {
        const { random } = world;
        const dice = random.next();
        if (dice < 0.4) return { kind: 'reset', afterBytes: random.between(0, 400_000) };
        return dice < 0.7 ? { kind: 'swallow' } : undefined;
      }),
  },
  {
    name: 'partial',
    refuses: (seq) => seq % 499 === 0,
    async run(world) {
      const { random, sink, writingMs } = world;
      const numberOf = (document: string) => Number(/seq: (\d{10})/.exec(document)?.[1] ?? 1);
      sink.fault = () => ({
        kind: 'partial',
        refuse: (document) => {
          if (numberOf(document) % 499 === 0) return 400;
          return random.chance(0.02) ? random.pick([429, 503]) : 0;
        },
      });
      await sleep(writingMs);
      sink.fault = () => ({ kind: 'partial', refuse: (document) => (numberOf(document) % 499 === 0 ? 400 : 0) });
    },
  },
  {
    name: 'disk-full',
    needs: 'disk',
    kills: true,
    async run({ agent, disk, random, writingMs }) {
      await sleep(random.between(0, 1000));
      disk?.fill();
      await sleep(random.between(500, writingMs / 2));
      if (random.chance(0.7)) {
        await agent.end('SIGKILL');
        await agent.start();
        await sleep(random.between(200, 1000));
      }
      disk?.empty();
    },
  },
  {
    name: 'clock',
    needs: 'clock',
    kills: true,
    async run({ agent, clock, random }) {
      for (let i = 0; i < 4; i++) {
        await sleep(random.between(100, 700));
        clock.shift(random.between(-400, 400) * 86_400_000);
        if (!random.chance(0.3)) continue;
        await agent.end('SIGKILL');
        clock.shift(random.between(-400, 400) * 86_400_000);
        await agent.start();
      }
    },
  },
  {
    name: 'directory-gone',
    async run(world) {
      const { directory, random } = world;
      await sleep(random.between(300, 1500));
      await world.restartWriter(async () => {
        renameSync(directory, `${directory}.away`);
        await sleep(random.between(200, 1500));
        renameSync(`${directory}.away`, directory);
      });
    },
  },
  {
    name: 'everything',
    kills: true,
    async run(world) {
      const { random, sink } = world;
      sink.bodyLimit = random.between(50_000, 2_000_000);
      await Promise.all([
        killSometimes(world, 2),
        misbehave(world, () => {
          const dice = random.next();
          if (dice < 0.2) return { kind: 'status', status: random.pick([429, 500, 502, 503]) };
          if (dice < 0.4) return { kind: 'swallow' };
          if (dice < 0.5) return { kind: 'reset', afterBytes: random.between(0, 100_000) };
          return dice < 0.6 ? { kind: 'slow', ms: random.between(10, 300) } : undefined;
        }),
      ]);
    },
  },
];
