// Do the file followers on npm lose lines on the way EMQX rotates its logs? Each scene leaves every line that counts on
// the disk when it ends, so that a follower which loses none is possible.
//   node scripts/measure/tailers.js
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { install, inTemporary, machine, table } from './kit.js';
import { ourReader } from './our-reader.js';

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

// As EMQX writes them; a line stands for what comes after its head.
const head = '2026-11-20T20:24:36.843682+00:00 [info] ';
const batch = (name, count) => Array.from({ length: count }, (_, n) => `${head}${name}-${n} ${'x'.repeat(200)}\n`);

const scenes = {
  'truncated and grown past the old end (300 lines)': async (folder, follow) => {
    const path = join(folder, 'emqx.log.1');
    const [before, after] = [batch('before', 100), batch('after', 200)];
    wrap(path, before);
    const end = await follow([path]);
    await sleep(settle);
    wrap(path, after);
    await sleep(settle);
    return end([...before, ...after]);
  },
  'five quick rotations over files that were read (10,200 lines)': async (folder, follow) => {
    const paths = [1, 2, 3, 4, 5].map((n) => join(folder, `emqx.log.${n}`));
    const before = paths.map((_, n) => batch(`before${n}`, 40));
    for (const [n, path] of paths.entries()) wrap(path, before[n]);
    const end = await follow(paths);
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
    const end = await follow(paths);
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

/** Any of the packages, one for each file. */
const onEach = (require, start) => async (paths, take) => {
  const tails = paths.map((path) => start(require, path, (line) => take(line.replace(head, ''))));
  const canStall = tails.every((one) => one.stall);
  const all = (verb) => () => {
    for (const one of tails) one[verb]?.();
  };
  return { stop: all('stop'), resume: all('resume'), ...(canStall && { stall: all('stall') }) };
};

/** Plays a scene and counts: lines that never came, and what came that was never written so, or came twice. */
async function count(play, room, start) {
  const seen = new Map();
  const follow = async (paths) => {
    const follower = await start(paths, (line) => seen.set(line, (seen.get(line) ?? 0) + 1));
    const end = async (written) => {
      await follower.stop();
      const expected = new Set(written.map((line) => line.trimEnd().replace(head, '')));
      const lost = [...expected].filter((line) => !seen.has(line)).length;
      let wrong = 0;
      let notices = 0;
      for (const [line, times] of seen) {
        if (expected.has(line)) wrong += times - 1;
        else if (line.startsWith('log records are missing here')) notices += times;
        else if (line !== '') wrong += times;
      }
      return { lost, wrong, notices };
    };
    end.stall = () => {
      follower.stall?.();
      return follower.stall !== undefined;
    };
    end.resume = () => follower.resume();
    return end;
  };
  writeFileSync(join(room, 'emqx.log.1'), '');
  return (await play(room, follow)) ?? { lost: 'cannot be held back', wrong: '', notices: '' };
}

await inTemporary(async (folder) => {
  const require = install(folder, 'tail-file', '@logdna/tail-file', 'tail');
  const ours = await ourReader(folder);
  const starts = Object.entries(followers).map(([name, start]) => [
    `${name} ${require(`${name}/package.json`).version}`,
    onEach(require, start),
  ]);
  starts.push(['ours', (paths, take) => ours(dirname(paths[0]), take)]);
  console.log(machine());
  const rows = [['follower', 'scene', 'lost', 'doubled or torn', 'says what it cannot know']];
  for (const [name, start] of starts) {
    for (const [scene, play] of Object.entries(scenes)) {
      const room = join(folder, `${rows.length}`);
      mkdirSync(room);
      const { lost, wrong, notices } = await count(play, room, start);
      rows.push([name, scene, lost, wrong, notices]);
    }
  }
  table(rows);
});
process.exit(0);
