import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lookAt } from '../../../agent/logs/look.ts';
import { createLogShipper } from '../../../agent/logs/shipper.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import { Rig, until } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.sink.start();
});
afterEach(() => rig.end());

it('takes no line apart where a read ends within a finished file that has been quiet for long', async () => {
  const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 2_000_000, files: 5, indexLagMs: 0 });
  writer.write(10_000);
  writer.close();
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  // As on a machine that takes a second for a read, or with a sink that holds the reading back.
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 1000 };
  rig.shipper = createLogShipper({ stateDirectory: rig.state, logger: silent, clock, random: Math.random });
  rig.shipper.apply(rig.settings());
  await until(
    () => rig.sink.oracle.verdict(10_000).unique === 10_000,
    () => JSON.stringify(rig.sink.oracle.verdict(10_000)),
  );
  await rig.stop();
  expect(rig.sink.kept).toHaveLength(10_000);
  expect(rig.messages().filter((message) => !/seq: \d{10}/.test(message))).toEqual([]);
});

it('misses no file that a rotation moved after the directory was listed', async () => {
  const base = join(rig.directory, 'emqx.log');
  const at = (number: number) => (number === 0 ? base : `${base}.${number}`);
  let files = 0;
  const rotate = () => {
    for (let number = files; number > 0; number--) renameSync(at(number - 1), at(number));
    writeFileSync(base, `${files++}`);
  };
  rotate();
  const listed = [{ path: base, number: undefined }];
  rotate();
  rotate();
  const found = await lookAt(base, listed, () => {
    // Once more, while it is being looked at.
    if (files === 3) rotate();
    return false;
  });
  expect(found.map(({ path }) => path)).toEqual([at(0), at(1), at(2), at(3)]);
  const known = new Set(found.map(({ id }) => id));
  expect(await lookAt(base, listed, (id) => known.has(id))).toHaveLength(1);
});
