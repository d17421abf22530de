// Do the file followers on npm lose lines on the way EMQX rotates its logs? Each scene leaves every line that counts on
// the disk when it ends, so that a follower which loses none is possible.
//   node scripts/measure/tailers.js
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { install, inTemporary, machine, table } from './kit.js';

const settle = 3000;

const followers = {
  'tail-file': (require, path, take) => {
    const Tail = require('tail-file');
    const tail = new Tail(path, { startPos: 'start' }, take);
    tail.on('error', () => {});
    return { stop: () => tail.stop() };
  },
  '@logdna/tail-file': (require, path, take) => {
    const Tail = require('@logdna/tail-file');
    const tail = new Tail(path, { startPos: 0, pollFileIntervalMs: 100 });
    const lines = require('node:readline').createInterface({ input: tail });
    lines.on('line', take);
    tail.on('tail_error', () => {});
    tail.start().catch(() => {});
    return { stop: () => tail.quit(), stall: () => lines.pause(), resume: () => lines.resume() };
  },
  tail: (require, path, take) => {
    const { Tail } = require('tail');
    const tail = new Tail(path, { fromBeginning: true });
    tail.on('line', take);
    tail.on('error', () => {});
    return { stop: () => tail.unwatch() };
  },
};

/** Writes a file of a wrap log the way disk_log does: same inode, cut to nothing, then grown again. */
function wrap(path, lines) {
  const fd = openSync(path, 'a');
  ftruncateSync(fd, 0);
  for (let at = 0; at < lines.length; at += 100) writeSync(fd, lines.slice(at, at + 100).join(''));
  closeSync(fd);
}

const batch = (name, count) => Array.from({ length: count }, (_, n) => `${name}-${n} ${'x'.repeat(200)}\n`);

const scenes = {
  'truncated and grown past the old end (300 lines)': async (folder, follow) => {
    const path = join(folder, 'emqx.log.1');
    const [before, after] = [batch('before', 100), batch('after', 200)];
    wrap(path, before);
    const end = follow([path]);
    await sleep(settle);
    wrap(path, after);
    await sleep(settle);
    return end([...before, ...after]);
  },
  'five quick rotations over files that were read (10,200 lines)': async (folder, follow) => {
    const paths = [1, 2, 3, 4, 5].map((n) => join(folder, `emqx.log.${n}`));
    const before = paths.map((_, n) => batch(`before${n}`, 40));
    for (const [n, path] of paths.entries()) wrap(path, before[n]);
    const end = follow(paths);
    await sleep(settle);
    const after = paths.map((_, n) => batch(`after${n}`, 2000));
    for (const [n, path] of paths.entries()) {
      wrap(path, after[n]);
      await sleep(20);
    }
    await sleep(settle);
    return end([...before.flat(), ...after.flat()]);
  },
  'the reader stalls for five rotations (10,200 lines)': async (folder, follow) => {
    const paths = [1, 2, 3, 4, 5].map((n) => join(folder, `emqx.log.${n}`));
    const before = paths.map((_, n) => batch(`before${n}`, 40));
    for (const [n, path] of paths.entries()) wrap(path, before[n]);
    const end = follow(paths);
    await sleep(settle);
    if (!end.stall()) return undefined;
    const after = paths.map((_, n) => batch(`after${n}`, 2000));
    for (const [n, path] of paths.entries()) wrap(path, after[n]);
    await sleep(1000);
    end.resume();
    await sleep(settle);
    return end([...before.flat(), ...after.flat()]);
  },
};

await inTemporary(async (folder) => {
  const require = install(folder, 'tail-file', '@logdna/tail-file', 'tail');
  const version = (name) => require(`${name}/package.json`).version;
  console.log(machine());
  const rows = [['package', 'scene', 'lost', 'doubled or torn']];
  for (const [name, start] of Object.entries(followers)) {
    for (const [scene, play] of Object.entries(scenes)) {
      const seen = new Map();
      const follow = (paths) => {
        const tails = paths.map((path) => start(require, path, (line) => seen.set(line, (seen.get(line) ?? 0) + 1)));
        const end = (written) => {
          for (const one of tails) one.stop();
          const expected = new Set(written.map((line) => line.trimEnd()));
          const lost = [...expected].filter((line) => !seen.has(line)).length;
          let wrong = 0;
          for (const [line, times] of seen) if (line !== '') wrong += expected.has(line) ? times - 1 : times;
          return { lost, wrong };
        };
        end.stall = () => {
          for (const one of tails) one.stall?.();
          return tails.every((one) => one.stall);
        };
        end.resume = () => {
          for (const one of tails) one.resume();
        };
        return end;
      };
      const room = join(folder, `${rows.length}`);
      mkdirSync(room);
      writeFileSync(join(room, 'emqx.log.1'), '');
      const result = await play(room, follow);
      rows.push([`${name} ${version(name)}`, scene, result?.lost ?? 'cannot be held back', result?.wrong ?? '']);
    }
  }
  table(rows);
});
process.exit(0);
