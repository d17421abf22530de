import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import { formatLine } from '../../stand-ins/emqx/writer-lines.ts';
import { ProcessRig } from './process-rig.ts';
import { type Rig, until, withRig } from './rig.ts';

describe('edges', { concurrent: true }, () => {
  const the = (name: string, body: (rig: Rig) => Promise<void>) => it(name, () => withRig(body));
  const head = '2026-11-20T20:24:36.843682+00:00 [error]';

  the('waits for the rest of a torn line, however it is torn', async (rig) => {
    const path = join(rig.directory, 'emqx.log');
    const line = `${head} msg: 温度\n`;
    const bytes = Buffer.from(line);
    rig.start();
    let from = 0;
    for (const to of [5, 33, 47, 50, bytes.length - 1, bytes.length]) {
      expect(rig.sink.kept).toEqual([]);
      appendFileSync(path, bytes.subarray(from, to));
      from = to;
      await sleep(120);
    }
    await rig.arrived(1);
    expect(rig.messages()).toEqual(['msg: 温度']);
  });

  the('takes a finished file’s last line without a break as it is', async (rig) => {
    writeFileSync(join(rig.directory, 'emqx.log.1'), `${head} msg: one\n${head} msg: torn`);
    await sleep(30);
    writeFileSync(join(rig.directory, 'emqx.log.2'), `${head} msg: next\n`);
    rig.start();
    await rig.arrived(3);
    expect(rig.messages()).toEqual(['msg: one', 'msg: torn', 'msg: next']);
  });

  the('sets a damaged checkpoint aside, says so, and doubles nothing', async (rig) => {
    const path = join(rig.directory, 'emqx.log');
    for (let seq = 0; seq < 50; seq++) appendFileSync(path, formatLine('v5-text', seq));
    rig.start();
    await rig.arrived(50);
    await rig.stop();
    const checkpoint = join(rig.state, 'checkpoint.json');
    const text = readFileSync(checkpoint, 'utf8');
    for (const damage of ['', text.slice(0, -20), text.replace('"version":1', '"version":7')]) {
      writeFileSync(checkpoint, damage);
      const before = rig.sink.oracle.conflicts;
      rig.start();
      await until(
        () => rig.sink.oracle.conflicts >= before + 50,
        () => `${rig.sink.oracle.conflicts} resent`,
      );
      await rig.stop();
      expect(readFileSync(`${checkpoint}.damaged`, 'utf8')).toBe(damage);
      expect(rig.log.some(({ message }) => message.startsWith('the log checkpoint is damaged'))).toBe(true);
    }
    expect(rig.sink.oracle.verdict(50)).toMatchObject({ unique: 50, doubled: 0 });
  });

  the('leaves consoles and files by level alone, unless they are asked for', async (rig) => {
    for (const name of [
      'emqx.log.1',
      'audit.log.1',
      'error.log.1',
      'erlang.log.1',
      'run_erl.log',
      'emqx.log.siz',
      'x.txt',
    ]) {
      writeFileSync(join(rig.directory, name), `${head} msg: ${name}\n`);
    }
    const shipper = rig.start();
    await rig.arrived(2);
    expect(rig.messages().sort()).toEqual(['msg: audit.log.1', 'msg: emqx.log.1']);
    expect(rig.sink.kept.map(({ document }) => document['event.dataset']).sort()).toEqual(['emqx.audit', 'emqx.log']);
    shipper.apply(rig.settings({ include: ['e*.log'], exclude: ['erlang.*'] }));
    await rig.arrived(3);
    expect(rig.messages().sort()).toEqual(['msg: audit.log.1', 'msg: emqx.log.1', 'msg: error.log.1']);
  });

  the('goes off and on, and takes the same settings twice as once', async (rig) => {
    const path = join(rig.directory, 'emqx.log');
    appendFileSync(path, formatLine('v5-text', 0));
    const shipper = rig.start();
    shipper.apply(rig.settings());
    // Off before the answer is here would send the record again, as it must: the answer is waited for.
    await until(
      () => shipper.status().delivered === 1,
      () => JSON.stringify(shipper.status()),
    );
    shipper.apply(undefined);
    expect(shipper.status().state).toBe('off');
    appendFileSync(path, formatLine('v5-text', 1));
    await sleep(700);
    expect(rig.sink.oracle.documents).toBe(1);
    shipper.apply(rig.settings({ nodeName: 'emqx@new' }));
    await rig.arrived(2);
    expect(rig.sink.kept[1]?.document).toMatchObject({ 'service.node.name': 'emqx@new' });
    expect(rig.sink.oracle.conflicts).toBe(0);
  });

  the('starts where a directory cannot be had for the state, and says why', async (rig) => {
    writeFileSync(rig.state, 'a file in the way');
    const shipper = rig.start();
    await until(
      () => shipper.status().state === 'failing',
      () => JSON.stringify(shipper.status()),
    );
    expect(shipper.status().reason).toContain('EEXIST');
  });
});

describe('memory', { concurrent: true }, () => {
  async function withProcess(body: (rig: ProcessRig) => Promise<void>): Promise<void> {
    const rig = await ProcessRig.make();
    try {
      await body(rig);
    } finally {
      await rig.end();
    }
  }

  it('stays bounded with a line of 100 MB', () =>
    withProcess(async (rig) => {
      rig.append(5);
      appendFileSync(rig.path(), '2026-11-20T20:24:36.843682+00:00 [error] msg: long ');
      const piece = Buffer.alloc(10_000_000, 'x');
      for (let i = 0; i < 10; i++) appendFileSync(rig.path(), piece);
      appendFileSync(rig.path(), '\n');
      rig.append(5);
      await rig.agent.start();
      await until(
        () => rig.sink.oracle.documents === 11,
        () => JSON.stringify(rig.agent.status),
      );
      expect(rig.sink.oracle.verdict(10)).toMatchObject({ unique: 10, doubled: 0 });
      const flags = rig.sink.kept.flatMap(({ document }) => document['log.flags'] ?? []);
      expect(flags).toEqual(['truncated']);
      expect(rig.agent.peakRss).toBeLessThan(140e6);
    }));

  it('stays bounded while a sink hangs and the ring goes round and round: gaps are joined, and outlive a kill', () =>
    withProcess(async (rig) => {
      const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 400_000, files: 12 });
      const checkpoint = () => JSON.parse(readFileSync(join(rig.agent.stateDirectory, 'checkpoint.json'), 'utf8'));
      const joined = () => checkpoint().sets['emqx.log'].gaps as { files: number }[];
      rig.sink.fault = () => ({ kind: 'hang' });
      await rig.agent.start();
      let last = 0;
      await until(
        () => {
          // A lap of the ring each time, of which the agent sees the end at least.
          writer.write(1500 * 12);
          const files = existsSync(join(rig.agent.stateDirectory, 'checkpoint.json')) ? joined()[0]?.files : 0;
          last = files ?? 0;
          return last > 40;
        },
        () => `${last} joined`,
        20_000,
        250,
      );
      expect(joined()).toHaveLength(1);
      expect(checkpoint().sets['emqx.log'].files.length).toBeLessThan(60);
      expect(rig.agent.peakRss).toBeLessThan(140e6);
      await rig.agent.end('SIGKILL');
      rig.sink.fault = () => undefined;
      await rig.agent.start();
      writer.write(10);
      await until(
        () => rig.sink.oracle.has(writer.seq - 1),
        () => JSON.stringify(rig.agent.status),
      );
      expect(rig.sink.oracle.verdict(writer.seq).doubled).toBe(0);
      const others = rig.sink.oracle.gaps.flatMap((gap) => / of (\d+) files after it/.exec(gap)?.[1] ?? []);
      expect(Math.max(...others.map(Number))).toBeGreaterThanOrEqual(last - 1);
      expect(rig.sink.oracle.gaps.length).toBeLessThan(60);
      writer.close();
    }));

  it('stays bounded with 1,000 files while the sink stands still', () =>
    withProcess(async (rig) => {
      for (let i = 0; i < 1000; i++) rig.append(100, rig.path(`h${i}.log.1`));
      rig.sink.fault = () => ({ kind: 'status', status: 503 });
      await rig.agent.start();
      await until(
        () => (rig.agent.status?.retried ?? 0) > 0 && rig.agent.status?.files === 1000,
        () => JSON.stringify(rig.agent.status),
      );
      await sleep(1000);
      rig.sink.fault = () => undefined;
      await until(
        () => rig.sink.oracle.documents === 100_000,
        () => JSON.stringify(rig.agent.status),
        40_000,
      );
      expect(rig.sink.oracle.verdict(100_000)).toMatchObject({ unique: 100_000, doubled: 0 });
      expect(rig.agent.peakRss).toBeLessThan(140e6);
    }));
});
