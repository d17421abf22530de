import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeadLetterFile } from '../../../agent/logs/deadletter.ts';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import { Sink } from '../../stand-ins/sink/sink.ts';
import { type Rig, until, withRig } from './rig.ts';

const writerIn = (rig: Rig) => new EmqxLogWriter({ directory: rig.directory, fileBytes: 5_000_000, files: 3 });

describe('delivery', { concurrent: true }, () => {
  const the = (name: string, body: (rig: Rig) => Promise<void>) => it(name, () => withRig(body));

  the('halves a body that is too large, and buries the one record that is too large alone', async (rig) => {
    rig.sink.bodyLimit = 20_000;
    const writer = writerIn(rig);
    writer.write(500);
    writer.writeRaw(`2026-11-20T20:24:36.843682+00:00 [error] msg: ${'x'.repeat(30_000)}\n`);
    writer.write(10);
    const shipper = rig.start();
    await rig.arrived(510);
    await until(
      () => shipper.status().dead === 1,
      () => JSON.stringify(shipper.status()),
    );
    expect(rig.sink.oracle.verdict(510)).toMatchObject({ unique: 510, doubled: 0 });
    const [letter] = await new DeadLetterFile(join(rig.state, 'deadletter.ndjson')).list();
    expect(letter).toMatchObject({ status: 413, index: 'emqx', document: { 'log.level': 'error' } });
  });

  the('sends only what was put off again, and buries what is refused with its reason', async (rig) => {
    let asked = 0;
    rig.sink.fault = () => ({
      kind: 'partial',
      refuse: (document) => (document.includes('seq: 0000000007') ? 400 : asked++ < 50 ? 429 : 0),
    });
    writerIn(rig).write(100);
    const shipper = rig.start();
    await until(
      () => shipper.status().delivered === 99,
      () => JSON.stringify(shipper.status()),
    );
    expect(rig.sink.oracle.verdict(100)).toMatchObject({ unique: 99, doubled: 0, missing: [[7, 7]] });
    expect(rig.sink.oracle.conflicts).toBe(0);
    expect(shipper.status()).toMatchObject({ delivered: 99, dead: 1, retried: 50, state: 'healthy' });
    const text = readFileSync(join(rig.state, 'deadletter.ndjson'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ status: 400, reason: 'fault: as asked' });
  });

  the('never buries for what lies in the index: a block, a missing index, a bad name', async (rig) => {
    let answers = 0;
    rig.sink.fault = () => {
      const status = [403, 404, 423][answers++];
      return status === undefined ? undefined : { kind: 'partial', refuse: () => status };
    };
    writerIn(rig).write(20);
    const shipper = rig.start();
    await until(
      () => shipper.status().delivered === 20,
      () => JSON.stringify(shipper.status()),
    );
    // The last line of a file waits for others of its own and may go in a body of its own.
    expect(shipper.status().dead).toBe(0);
    expect(shipper.status().retried).toBeGreaterThanOrEqual(3);
  });

  the('waits as long as Retry-After says', async (rig) => {
    const times: number[] = [];
    rig.sink.fault = (bulk) => {
      times.push(performance.now());
      return bulk === 0 ? { kind: 'status', status: 503, retryAfter: '1' } : undefined;
    };
    writerIn(rig).write(5);
    rig.start();
    await rig.arrived(5);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  the('counts a record that is there already as delivered, when an answer was lost', async (rig) => {
    rig.sink.fault = (bulk) => (bulk === 0 ? { kind: 'swallow' } : undefined);
    writerIn(rig).write(40);
    const shipper = rig.start();
    await until(
      () => shipper.status().delivered === 40,
      () => JSON.stringify(shipper.status()),
    );
    expect(rig.sink.oracle.documents).toBe(40);
    expect(rig.sink.oracle.conflicts).toBeGreaterThan(0);
  });

  the('goes over to another address, and stays there', async (rig) => {
    const other = await new Sink({ keep: true }).start();
    try {
      await rig.sink.stop();
      const writer = writerIn(rig);
      writer.write(10);
      const { target } = rig.settings();
      rig.start({ target: { ...target, urls: [rig.sink.url, `${other.url}/below/`] } });
      await until(
        () => other.oracle.documents === 10,
        () => `${other.oracle.documents} of 10`,
      );
      writer.write(10);
      await until(
        () => other.oracle.documents === 20,
        () => `${other.oracle.documents} of 20`,
      );
      expect(other.requests.every(({ path }) => path.startsWith('/below/'))).toBe(true);
      expect(rig.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  the('takes new credentials at once, without a restart', async (rig) => {
    const good = `Basic ${Buffer.from('logs:new').toString('base64')}`;
    let refused = 0;
    rig.sink.authorize = (authorization) => {
      if (authorization === good) return true;
      refused++;
      return false;
    };
    writerIn(rig).write(10);
    const shipper = rig.start();
    await until(
      () => refused > 2 && shipper.status().state === 'failing',
      () => JSON.stringify(shipper.status()),
    );
    expect(shipper.status().reason).toContain('refuses the account of the log intake (401)');
    const { target } = rig.settings();
    shipper.apply(rig.settings({ target: { ...target, password: 'new' } }));
    await rig.arrived(10);
    expect(shipper.status()).toMatchObject({ state: 'healthy', dead: 0 });
    expect(rig.log.some(({ message, fields }) => `${message}${JSON.stringify(fields)}`.includes('secret'))).toBe(false);
  });

  the('compresses, and offers the template of the index once', async (rig) => {
    const writer = writerIn(rig);
    writer.write(100);
    rig.start({ gzip: true, fields: { message: 'msg', 'log.level': 'level' } });
    await rig.arrived(100);
    writer.write(100);
    await rig.arrived(200);
    const bulks = rig.sink.requests.filter(({ path }) => path.includes('_bulk'));
    expect(bulks[0]?.gzip).toBe(true);
    expect(bulks[0]?.path).toBe(
      '/emqx/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason',
    );
    expect(rig.sink.templates).toHaveLength(1);
    expect(rig.sink.templates[0]?.path).toBe('/_index_template/emqxee-agent-emqx?create=true');
    expect(JSON.parse(rig.sink.templates[0]?.body ?? '')).toMatchObject({
      index_patterns: ['emqx'],
      template: { mappings: { dynamic: false, properties: { msg: { type: 'text' }, level: { type: 'keyword' } } } },
    });
    expect(rig.sink.kept[0]?.document).toMatchObject({
      level: 'debug',
      msg: expect.stringContaining('seq: 0000000000'),
    });
    expect(rig.sink.kept[0]?.document).not.toHaveProperty('message');
  });

  the('masks what the redaction list names, and keeps JSON lines readable', async (rig) => {
    const writer = writerIn(rig);
    const time = '2026-11-20T20:24:36.843682+00:00';
    writer.writeRaw(`${time} [error] msg: login, password=se\\"cret, 密码: 口令, rest: kept\n`);
    writer.writeRaw('{"time":1711532079777087,"level":"error","msg":"login","password":"to\\"p\\\\","topic":"t"}\n');
    rig.start({ redact: ['password=(\\S+)', '"password":("(?:[^"\\\\]|\\\\.)*")', '密码: (口令)', '('] });
    await rig.arrived(2);
    expect(rig.messages()).toEqual([
      `msg: login, password=${'*'.repeat(8)}, 密码: ******, rest: kept`,
      'msg: login, topic: t, password: *******',
    ]);
    expect(rig.log.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'a redaction of agent.yaml is no regular expression',
    ]);
  });

  the('takes the list of dead letters apart again', async (rig) => {
    rig.sink.fault = () => ({
      kind: 'partial',
      refuse: (document) => (/seq: 000000000[0-2]/.test(document) ? 400 : 0),
    });
    writerIn(rig).write(10);
    rig.start();
    await rig.arrived(7);
    await rig.stop();
    const letters = new DeadLetterFile(join(rig.state, 'deadletter.ndjson'));
    const all = await letters.list();
    expect(all.map(({ document }) => (document as { 'log.offset': number })['log.offset'])).toEqual([
      0,
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(await letters.purge(new Set([all[1]?.id ?? '']))).toBe(2);
    expect((await letters.list()).map(({ id }) => id)).toEqual([all[0]?.id, all[2]?.id]);
    expect(await letters.purge()).toBe(0);
    expect(await letters.list()).toEqual([]);
  });
});
