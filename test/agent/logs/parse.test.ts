import { describe, expect, it } from 'vitest';
import { documentOf, documentsOf } from './one-line.ts';

/** The parts of a document that its line decides. */
function read(line: Uint8Array | string): Record<string, unknown> {
  const document = documentOf(line);
  const names = [
    '@timestamp',
    'log.level',
    'message',
    'log.flags',
    ...Object.keys(document).filter((name) => name.startsWith('emqx.')),
  ];
  return Object.fromEntries(names.filter((name) => name in document).map((name) => [name, document[name]]));
}

describe('text lines', () => {
  it.each([
    [
      '2024-03-20T11:08:39.568980+01:00 [warning] tag: AUTHZ, clientid: c1, msg: cannot_publish, peername: 127.0.0.1:47860, username: u, topic: a/1, reason: x',
      {
        '@timestamp': '2024-03-20T11:08:39.568980+01:00',
        'log.level': 'warning',
        message:
          'tag: AUTHZ, clientid: c1, msg: cannot_publish, peername: 127.0.0.1:47860, username: u, topic: a/1, reason: x',
        'emqx.tag': 'AUTHZ',
        'emqx.clientid': 'c1',
        'emqx.msg': 'cannot_publish',
        'emqx.peername': '127.0.0.1:47860',
        'emqx.username': 'u',
        'emqx.topic': 'a/1',
      },
    ],
    [
      '2024-03-20T11:08:39.568980+01:00 [error] tag: T, tns: ns1, msg: a, b: not ours, mfa: m:f/1(2), pid: <0.1.0>, z: 1',
      {
        '@timestamp': '2024-03-20T11:08:39.568980+01:00',
        'log.level': 'error',
        message: 'tag: T, tns: ns1, msg: a, b: not ours, mfa: m:f/1(2), pid: <0.1.0>, z: 1',
        'emqx.tag': 'T',
        'emqx.msg': 'a',
      },
    ],
    [
      '1711532079777087 [notice] msg: with, commas, and a: colon, pid: <0.1.0>',
      {
        '@timestamp': '2024-03-27T09:34:39.777087Z',
        'log.level': 'notice',
        message: 'msg: with, commas, and a: colon, pid: <0.1.0>',
        'emqx.msg': 'with, commas, and a: colon',
        'emqx.pid': '<0.1.0>',
      },
    ],
    [
      '2024-03-27T09:34:39.777087+00:00 [warning] my client@home@127.0.0.1:57105 [Alarm Handler] text',
      {
        '@timestamp': '2024-03-27T09:34:39.777087+00:00',
        'log.level': 'warning',
        message: 'my client@home@127.0.0.1:57105 [Alarm Handler] text',
        'emqx.tag': 'Alarm Handler',
        'emqx.clientid': 'my client@home',
        'emqx.peername': '127.0.0.1:57105',
      },
    ],
    [
      '2024-03-27T09:34:39.777087+00:00 [emergency] [CM] text',
      {
        '@timestamp': '2024-03-27T09:34:39.777087+00:00',
        'log.level': 'emergency',
        message: '[CM] text',
        'emqx.tag': 'CM',
      },
    ],
    [
      '2024-03-27T09:34:39Z {"from":"cli"}',
      { '@timestamp': '2024-03-27T09:34:39Z', 'log.level': 'info', message: '{"from":"cli"}' },
    ],
  ])('%s', (line, expected) => {
    expect(read(`${line}\n`)).toEqual(expected);
  });

  it.each([
    ['2020-02-18 16:10:03.872', new Date(2020, 1, 18, 16, 10, 3, 872)],
    ['2020/02/18 16:10:03', new Date(2020, 1, 18, 16, 10, 3)],
    ['18.02.2020 16:10:03,872', new Date(2020, 1, 18, 16, 10, 3, 872)],
    ['18/Feb/2020:16:10:03 +0200', new Date('2020-02-18T14:10:03Z')],
    ['2020-02-18 16:10:03 -03:30', new Date('2020-02-18T19:40:03Z')],
    ['1582042203', new Date(1_582_042_203_000)],
    ['1582042203872', new Date(1_582_042_203_872)],
  ])('reads the time of v4 with a date format of its own: %s', (time, expected) => {
    const { '@timestamp': stamp, ...rest } = read(`${time} [error] c@1.2.3.4:5 [MQTT] text\n`);
    expect(Date.parse(String(stamp))).toBe(expected.getTime());
    expect(rest).toMatchObject({ 'log.level': 'error', message: 'c@1.2.3.4:5 [MQTT] text', 'emqx.clientid': 'c' });
  });

  it('keeps reports over several lines together and leaves the next record alone', () => {
    const text = [
      '2024-03-27T09:34:39.777087+00:00 [warning]     tag: AUTHZ',
      '    clientid: client1',
      '    msg: denied',
      '    reason: not, this: one',
      '',
      '2024-03-27T09:34:40.000000+00:00 [error] ** Generic server x terminating ',
      '** Last message in was boom',
      '',
      '2024-03-27T09:34:41.000000+00:00 [info] done',
    ];
    for (const lineBreak of ['\n', '\r\n']) {
      const documents = documentsOf(`${text.join(lineBreak)}${lineBreak}`);
      expect(documents.map(({ message }) => message)).toEqual([
        text.slice(0, 4).join(lineBreak).slice(43),
        text.slice(5, 7).join(lineBreak).slice(41),
        'done',
      ]);
      expect(documents[0]).toMatchObject({ 'emqx.tag': 'AUTHZ', 'emqx.clientid': 'client1', 'emqx.msg': 'denied' });
    }
  });

  it('gives a line without time and level those of the record before', () => {
    const lines = Array.from({ length: 1003 }, (_, i) => `  line ${i}`);
    const documents = documentsOf(`2024-03-27T09:34:39.777087+00:00 [error] crash\n${lines.join('\n')}\n`);
    expect(documents).toHaveLength(5);
    for (const document of documents) {
      expect(document).toMatchObject({ '@timestamp': '2024-03-27T09:34:39.777087+00:00', 'log.level': 'error' });
    }
    expect(String(documents[0]?.message).split('\n')).toHaveLength(1000);
  });

  it('writes bytes that are no UTF-8 as U+FFFD and escapes control characters', () => {
    const head = Buffer.from('2024-03-27T09:34:39.777087+00:00 [error] msg: ');
    const line = Buffer.concat([head, Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe6, 0xb8, 0xa9, 0x00, 0x09, 0x1b, 0x0a])]);
    expect(read(line)).toMatchObject({
      message: 'msg: a\ufffd\ufffd(温\u0000\t\u001b',
      'emqx.msg': 'a\ufffd\ufffd(温\u0000\t\u001b',
    });
  });

  it('cuts a line that is too long between two characters and marks it', () => {
    const line = `2024-03-27T09:34:39.777087+00:00 [error] msg: x${'温'.repeat(100_000)}\n2024-03-27T09:34:40.777087+00:00 [info] next\n`;
    const [long, next] = documentsOf(line);
    expect(long?.['log.flags']).toEqual(['truncated']);
    expect(String(long?.message)).toMatch(/^msg: x温+$/);
    expect(Buffer.byteLength(String(long?.message))).toBeGreaterThan(260_000);
    expect(Buffer.byteLength(String(long?.['emqx.msg']))).toBeLessThanOrEqual(512);
    expect(next?.message).toBe('next');
  });
});

describe('JSON lines', () => {
  it.each([
    [
      '{"time":1711532079777087,"level":"warning","msg":"denied","username":"u\\"1","topic":"t/#","tag":"AUTHZ","pid":"<0.3.0>","line":620,"clientid":"c","reason":{"a":["x",1]}}',
      {
        '@timestamp': '2024-03-27T09:34:39.777087Z',
        'log.level': 'warning',
        message:
          'tag: AUTHZ, clientid: c, msg: denied, username: u"1, topic: t/#, pid: <0.3.0>, line: 620, reason: {"a":["x",1]}',
        'emqx.tag': 'AUTHZ',
        'emqx.clientid': 'c',
        'emqx.msg': 'denied',
        'emqx.username': 'u"1',
        'emqx.topic': 't/#',
        'emqx.pid': '<0.3.0>',
      },
    ],
    [
      '{ "time" : "2024-03-27T09:34:39.777087+02:00" , "level" : "error", "msg" : 7, "x" : null }',
      {
        '@timestamp': '2024-03-27T09:34:39.777087+02:00',
        'log.level': 'error',
        message: 'msg: 7, x: null',
        'emqx.msg': '7',
      },
    ],
    [
      '{"time":1711532079777087,"level":"error","msg":"torn',
      {
        '@timestamp': '2024-03-27T09:34:39.777087Z',
        'log.level': 'error',
        message: '{"time":1711532079777087,"level":"error","msg":"torn',
      },
    ],
  ])('%s', (line, expected) => {
    expect(read(`${line}\n`)).toEqual(expected);
  });

  it('does not cut an escape in two when a value is long', () => {
    for (const piece of ['\\n', '\\u6e29', '\\ud83d\\ude00', '温', 'x']) {
      const line = `{"time":1711532079777087,"level":"error","msg":"a${piece.repeat(600)}"}\n`;
      const value = String(documentOf(line)['emqx.msg']);
      expect(JSON.parse(`"a${piece.repeat(600)}"`).startsWith(value)).toBe(true);
      expect(value).not.toMatch(/[\ud800-\udbff]$/);
    }
  });
});
