// How much of a wrap log's life chokidar tells: of many truncations in place it reports the ones it happens to see.
//   node scripts/measure/watching.js
import { closeSync, ftruncateSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import chokidar from 'chokidar';
import { inTemporary, machine, table } from './kit.js';

const turns = 100;

/** Truncates and refills one of five files, `turns` times; says what the watcher told of it. */
async function play(folder, pause) {
  const paths = [1, 2, 3, 4, 5].map((n) => join(folder, `emqx.log.${n}`));
  for (const path of paths) writeFileSync(path, 'x'.repeat(5000));
  const seen = [];
  const watcher = chokidar.watch(folder, { alwaysStat: true, ignoreInitial: true });
  await new Promise((resolve) => watcher.once('ready', resolve));
  watcher.on('all', (event, path, stat) => seen.push({ event, path, size: stat?.size }));
  for (let turn = 0; turn < turns; turn++) {
    const fd = openSync(paths[turn % 5], 'r+');
    ftruncateSync(fd, 0);
    writeSync(fd, 'y'.repeat(6000));
    closeSync(fd);
    await sleep(pause);
  }
  await sleep(1000);
  await watcher.close();
  const shrunk = seen.filter(({ size }) => size !== undefined && size < 5000).length;
  return [seen.filter(({ event }) => event === 'change').length, shrunk, statSync(paths[0]).size];
}

console.log(machine());
const rows = [['pause between truncations', 'truncations', 'change events', 'of these with a smaller size']];
for (const pause of [0, 5, 20, 100]) {
  const [changes, shrunk] = await inTemporary((folder) => play(folder, pause));
  rows.push([`${pause} ms`, turns, changes, shrunk]);
}
table(rows);
