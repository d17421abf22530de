import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { obeying, unwatched } from '../../faults/agent-process.ts';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import { ProcessRig } from './process-rig.ts';
import { until } from './rig.ts';

describe('rotation, as the real process sees it', { concurrent: true }, () => {
  /** A case with a running agent; its rig ends with it. */
  const the = (name: string, body: (rig: ProcessRig) => Promise<void>, directory?: string) =>
    it(name, async () => {
      const rig = await ProcessRig.make(directory);
      try {
        await body(rig);
      } finally {
        await rig.end();
      }
    }, 60_000);

  the('a broker that restarts and appends, then one that moves on to the next file', async (rig) => {
    const options = { directory: rig.directory, fileBytes: 30_000, files: 4 };
    await rig.agent.start();
    let writer = new EmqxLogWriter(options);
    for (const start of ['append', 'next', 'append', 'next', 'next'] as const) {
      writer.write(70);
      rig.seq = writer.seq;
      await rig.settled();
      writer.close();
      writer = new EmqxLogWriter({ ...options, start }, rig.seq);
    }
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('a ring that is full at the first start: oldest first, as the index says', async (rig) => {
    const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 20_000, files: 5, indexLagMs: 0 });
    writer.write(540);
    writer.close();
    rig.seq = writer.seq;
    const current = Number(writer.currentPath.split('.').at(-1));
    expect([2, 3, 4]).toContain(current);
    const there = [1, 2, 3, 4, 5].map((number) => readFileSync(rig.path(`emqx.log.${number}`), 'utf8'));
    // What the times say is wrong, as after a restore from a backup.
    for (const number of [1, 2, 3, 4, 5]) utimesSync(rig.path(`emqx.log.${number}`), 1e9 + number, 1e9 + number);
    await rig.agent.start();
    await rig.settled(rig.seq - there.join('').split('\n').length + 1);
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('files without an index at the first start: oldest first, by the time of their last write', async (rig) => {
    for (const [at, number] of [3, 4, 1, 2].entries()) {
      rig.append(40, rig.path(`emqx.log.${number}`));
      utimesSync(rig.path(`emqx.log.${number}`), 1e9 + at, 1e9 + at);
    }
    await rig.agent.start();
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('a rotation count that grows, then shrinks', async (rig) => {
    const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 40_000, files: 3 });
    await rig.agent.start();
    for (const files of [3, 5, 5, 5, 2, 2]) {
      writer.resize(files);
      writer.write(120);
      rig.seq = writer.seq;
      await rig.settled();
    }
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('a file renamed and made anew, again and again', async (rig) => {
    await rig.agent.start();
    for (let i = 0; i < 5; i++) {
      rig.append(50);
      if (i > 2) await rig.settled();
      for (let n = 3; n > 0; n--) {
        if (n > 1 && exists(rig.path(`emqx.log.${n - 1}`)))
          renameSync(rig.path(`emqx.log.${n - 1}`), rig.path(`emqx.log.${n}`));
      }
      renameSync(rig.path(), rig.path('emqx.log.1'));
      // The writer still has the old file open for a moment.
      appendFileSync(rig.path('emqx.log.1'), rig.lines(3));
      await sleep(20);
    }
    rig.append(1);
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('a file copied and truncated with lines in it that were not read yet', async (rig) => {
    rig.append(100);
    await rig.agent.start();
    await rig.settled();
    // Nothing is read while the process stands still, so only the copy has the last lines.
    process.kill(rig.agent.pid ?? 0, 'SIGSTOP');
    rig.append(100);
    copyFileSync(rig.path(), rig.path('emqx.log.1'));
    truncateSync(rig.path(), 0);
    rig.append(20);
    process.kill(rig.agent.pid ?? 0, 'SIGCONT');
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
    expect(rig.sink.oracle.conflicts).toBe(0);
  });

  the('a file deleted with unread lines while it is held, and made anew', async (rig) => {
    rig.append(10);
    await rig.agent.start();
    await rig.settled();
    process.kill(rig.agent.pid ?? 0, 'SIGSTOP');
    rig.append(500);
    rmSync(rig.path());
    rig.append(10);
    process.kill(rig.agent.pid ?? 0, 'SIGCONT');
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('an inode that is used again for another file', async (rig) => {
    rig.append(60);
    const { ino } = statSync(rig.path());
    await rig.agent.start();
    await rig.settled();
    await rig.agent.end('SIGTERM');
    // Not every file system hands a number out again at once: a second name keeps it until then.
    linkSync(rig.path(), rig.path('kept'));
    rmSync(rig.path());
    writeFileSync(rig.path('kept'), rig.lines(200));
    renameSync(rig.path('kept'), rig.path());
    expect(statSync(rig.path()).ino).toBe(ino);
    await rig.agent.start();
    await rig.settled();
  });

  the('a file truncated in place and grown past the old position between two looks', async (rig) => {
    rig.append(50);
    await rig.agent.start();
    await rig.settled();
    process.kill(rig.agent.pid ?? 0, 'SIGSTOP');
    truncateSync(rig.path(), 0);
    rig.append(400);
    process.kill(rig.agent.pid ?? 0, 'SIGCONT');
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([expect.stringContaining('an unknown number of bytes')]);
  });

  the('two generations that begin with the same line', async (rig) => {
    const first = rig.lines(1);
    writeFileSync(rig.path(), first + rig.lines(20));
    await rig.agent.start();
    await rig.settled();
    // The same first line and the same lengths, so that every offset is one we know.
    writeFileSync(rig.path(), first + rig.lines(20));
    const all = () => rig.sink.kept.filter(({ document }) => String(document.message).includes('seq: ')).length;
    await until(
      () => all() === 42,
      () => `${all()} of 42`,
    );
    expect(rig.sink.oracle.verdict(rig.seq)).toMatchObject({ unique: 41, doubled: 1 });
  });

  the('a symlink, also when it is pointed at another file', async (rig) => {
    const store = join(rig.root, 'store');
    mkdirSync(store);
    rig.append(30, join(store, 'a'));
    symlinkSync(join(store, 'a'), rig.path());
    await rig.agent.start();
    await rig.settled();
    rig.append(30, join(store, 'b'));
    symlinkSync(join(store, 'b'), `${rig.path()}.new`);
    renameSync(`${rig.path()}.new`, rig.path());
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  the('files replaced while the agent is down', async (rig) => {
    const options = { directory: rig.directory, fileBytes: 20_000, files: 4 };
    const writer = new EmqxLogWriter(options);
    writer.write(100);
    rig.seq = writer.seq;
    await rig.agent.start();
    await rig.settled();
    await rig.agent.end('SIGTERM');
    // Half a ring: everything is still there.
    writer.write(150);
    rig.seq = writer.seq;
    await rig.agent.start();
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
    await rig.agent.end('SIGTERM');
    // Several rings: what is gone must be said.
    writer.write(1000);
    rig.seq = writer.seq;
    const first = rig.seq - 1;
    await rig.agent.start();
    await until(
      () => rig.sink.oracle.has(first) && rig.sink.oracle.gaps.length > 0,
      () => 'no last line or no gap',
    );
    expect(rig.sink.oracle.verdict(rig.seq).doubled).toBe(0);
    expect(rig.sink.oracle.gaps).toEqual([expect.stringContaining('an unknown number of bytes')]);
  });

  the('a file renamed and made anew while the agent is down', async (rig) => {
    rig.append(50);
    await rig.agent.start();
    await rig.settled();
    await rig.agent.end('SIGTERM');
    rig.append(10);
    renameSync(rig.path(), rig.path('emqx.log.1'));
    rig.append(20);
    await rig.agent.start();
    await rig.settled();
    expect(rig.sink.oracle.gaps).toEqual([]);
    expect(rig.sink.oracle.conflicts).toBe(0);
  });

  if (!obeying) console.log('skipped: root reads what nobody may read, and there is no setpriv to change that');
  it.skipIf(!obeying)('a directory and a file that become readable later', async () => {
    const rig = await ProcessRig.make('log', obeying);
    try {
      rig.append(20);
      chmodSync(rig.path(), 0);
      chmodSync(rig.directory, 0);
      await rig.agent.start();
      await until(
        () => rig.agent.status?.reason?.includes('EACCES') === true,
        () => JSON.stringify(rig.agent.status),
      );
      chmodSync(rig.directory, 0o755);
      await until(
        () => rig.agent.log.some(({ message }) => message === 'cannot read a log file'),
        () => JSON.stringify(rig.agent.log),
      );
      chmodSync(rig.path(), 0o600);
      await rig.settled();
      // Renamed while nobody may read it: what is in it is not lost for that.
      await rig.agent.end('SIGTERM');
      rig.append(10);
      renameSync(rig.path(), rig.path('emqx.log.1'));
      chmodSync(rig.path('emqx.log.1'), 0);
      rig.append(10);
      await rig.agent.start();
      await until(
        () => rig.sink.oracle.has(rig.seq - 1),
        () => JSON.stringify(rig.agent.status),
      );
      expect(rig.sink.oracle.gaps).toEqual([]);
      rmSync(rig.path('emqx.log.1'));
      await until(
        () => rig.sink.oracle.gaps.length === 1,
        () => 'a file that is gone without having been read is not told of',
      );
      expect(rig.sink.oracle.verdict(rig.seq)).toMatchObject({ unique: rig.seq - 10, doubled: 0 });
    } finally {
      await rig.end();
    }
  });

  if (!unwatched) console.log('skipped: there is no user namespace to take inotify watches away in');
  it.skipIf(!unwatched)('a rotation that no watcher tells of: no inotify watches left', async () => {
    const rig = await ProcessRig.make('log', unwatched);
    try {
      rig.append(20);
      await rig.agent.start();
      await until(
        () =>
          rig.agent.log.some(({ message, reason }) => /cannot be watched/.test(message) && /ENOSPC/.test(`${reason}`)),
        () => JSON.stringify(rig.agent.log),
      );
      await rig.settled();
      rig.append(20);
      renameSync(rig.path(), rig.path('emqx.log.1'));
      rig.append(20);
      await rig.settled();
      expect(rig.sink.oracle.gaps).toEqual([]);
    } finally {
      await rig.end();
    }
  });

  the(
    'a directory that appears, vanishes and comes back',
    async (rig) => {
      await rig.agent.start();
      await until(
        () => rig.agent.status?.state === 'failing',
        () => JSON.stringify(rig.agent.status),
      );
      expect(rig.agent.status?.reason).toContain('cannot read the log directory');
      mkdirSync(rig.directory);
      rig.append(40);
      await rig.settled();
      renameSync(rig.directory, `${rig.directory}.away`);
      appendFileSync(join(`${rig.directory}.away`, 'emqx.log'), rig.lines(40));
      await sleep(600);
      renameSync(`${rig.directory}.away`, rig.directory);
      rig.append(10);
      await rig.settled();
      await until(
        () => rig.agent.status?.state === 'healthy',
        () => JSON.stringify(rig.agent.status),
      );
      expect(rig.sink.oracle.gaps).toEqual([]);
    },
    'later',
  );

  the('a wrap that overtakes a sink which stands still: each lost record is counted', async (rig) => {
    const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 100_000, files: 5 });
    // Bodies found too large make the agent keep them small, so that it soon reads no further.
    rig.sink.bodyLimit = 1000;
    writer.write(100);
    rig.seq = writer.seq;
    await rig.agent.start();
    await rig.settled();
    rig.sink.fault = () => ({ kind: 'slow', ms: 3600 });
    for (let i = 0; i < 16; i++) {
      writer.write(300);
      await sleep(220);
    }
    rig.seq = writer.seq;
    rig.sink.fault = () => undefined;
    await until(
      () => rig.sink.oracle.has(writer.seq - 1),
      () => JSON.stringify(rig.agent.status),
      40_000,
    );
    // Two bodies are on the way at a time: what was sent before the last line may arrive after it.
    const counted = () =>
      rig.sink.oracle.gaps.reduce((sum, gap) => sum + Number(/\((\d+) records\)/.exec(gap)?.[1]), 0);
    await until(
      () => counted() === rig.sink.oracle.verdict(writer.seq).missingCount,
      () => `${counted()} counted, ${rig.sink.oracle.verdict(writer.seq).missingCount} missing`,
    );
    const { missingCount, doubled } = rig.sink.oracle.verdict(writer.seq);
    expect(doubled).toBe(0);
    expect(missingCount).toBeGreaterThan(0);
    expect(rig.agent.log.map(({ message }) => message)).toContain(
      'EMQX is about to overwrite log records that are not delivered yet',
    );
    await until(
      () => rig.agent.status?.lost === missingCount,
      () => JSON.stringify(rig.agent.status),
    );
    expect(counted()).toBe(rig.sink.oracle.verdict(writer.seq).missingCount);
  });
});

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
