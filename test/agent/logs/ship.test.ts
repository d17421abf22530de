import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmqxLogWriter } from '../../stand-ins/emqx/writer.ts';
import { Rig, until } from './rig.ts';

describe('log shipper', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.sink.start();
  });
  afterEach(() => rig.end());

  it('delivers each line once and in file order over several wraps', async () => {
    const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 100_000, files: 5, indexLagMs: 0 });
    writer.write(600);
    rig.start();
    await until(
      () => rig.sink.oracle.documents >= 600,
      () => `${rig.sink.oracle.documents} of 600`,
    );
    for (let i = 0; i < 6; i++) {
      writer.write(300);
      await until(
        () => rig.sink.oracle.documents >= writer.seq,
        () => `${rig.sink.oracle.documents} of ${writer.seq}`,
      );
    }
    writer.close();
    expect(writer.wraps).toBeGreaterThan(5);
    expect(rig.sink.oracle.verdict(writer.seq)).toEqual({ unique: 2400, doubled: 0, missing: [], missingCount: 0 });
    const order = rig.sink.kept.map(({ document }) => document['event.sequence'] as number);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(rig.sink.oracle.gaps).toEqual([]);
  });

  it('goes on where it stopped', async () => {
    const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 100_000, files: 5, indexLagMs: 0 });
    writer.write(100);
    rig.start();
    await until(
      () => rig.sink.oracle.documents === 100,
      () => `${rig.sink.oracle.documents} of 100`,
    );
    await rig.stop();
    writer.write(500);
    rig.start();
    await until(
      () => rig.sink.oracle.documents >= 600,
      () => `${rig.sink.oracle.documents} of 600`,
    );
    expect(rig.sink.oracle.verdict(600)).toMatchObject({ unique: 600, doubled: 0 });
    expect(rig.sink.oracle.conflicts).toBe(0);
  });

  it('writes the whole document', async () => {
    const writer = new EmqxLogWriter({ directory: rig.directory, fileBytes: 100_000, files: 5 });
    writer.writeRaw(
      '2026-11-20T20:24:36.843682+00:00 [warning] tag: AUTHZ, clientid: c "1", msg: denied, peername: 10.0.0.1:4711, username: u, topic: t/#, reason: a, b: c\n',
    );
    rig.start();
    await until(
      () => rig.sink.kept.length === 1,
      () => 'no document',
    );
    const { document, id } = rig.sink.kept[0] as (typeof rig.sink.kept)[0];
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(document).toEqual({
      '@timestamp': '2026-11-20T20:24:36.843682+00:00',
      'log.level': 'warning',
      message:
        'tag: AUTHZ, clientid: c "1", msg: denied, peername: 10.0.0.1:4711, username: u, topic: t/#, reason: a, b: c',
      'event.dataset': 'emqx.log',
      'event.sequence': expect.any(Number),
      'service.node.name': 'emqx@127.0.0.1',
      'labels.cluster_id': 'cluster1',
      'agent.id': '0b8e9a52-0000-4000-8000-000000000001',
      'agent.version': '0.1.0',
      'log.file.path': `${rig.directory}/emqx.log.1`,
      'log.offset': 0,
      'emqx.tag': 'AUTHZ',
      'emqx.clientid': 'c "1"',
      'emqx.msg': 'denied',
      'emqx.peername': '10.0.0.1:4711',
      'emqx.username': 'u',
      'emqx.topic': 't/#',
    });
  });
});
