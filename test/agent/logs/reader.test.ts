import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Batch } from '../../../agent/logs/batch.ts';
import { Generation } from '../../../agent/logs/generation.ts';
import { bodyLimit, recordsLimit } from '../../../agent/logs/layout.ts';
import { Reader } from '../../../agent/logs/reader.ts';
import { Masks } from '../../../agent/logs/redact.ts';
import { LogSet, type Span } from '../../../agent/logs/set.ts';
import { Slab } from '../../../agent/logs/slab.ts';
import { Template } from '../../../agent/logs/template.ts';

const directory = mkdtempSync(join(tmpdir(), 'reader-'));
afterAll(() => rmSync(directory, { recursive: true }));
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const key = Buffer.alloc(32, 7);
const template = new Template(
  { clusterId: 'c', agentId: 'a', agentVersion: '0', nodeName: undefined, set: 'emqx.log', path: '/x', fields: {} },
  key,
);

/** What comes of a finished file of these bytes. */
async function read(text: string, redact: readonly string[] = []): Promise<{ batch: Batch<Span>; file: Generation }> {
  const path = join(directory, 'emqx.log');
  writeFileSync(path, text);
  const handle = await open(path);
  try {
    const file = new Generation(path, undefined, '1:1', 'f', 0);
    file.attach(handle.fd, Buffer.from(text.split('\n')[0] ?? ''), key);
    file.size = Buffer.byteLength(text);
    const batch = new Batch<Span>(new Slab(), 0);
    const set = new LogSet('emqx.log', 1_795_206_276_843_682);
    const reach = { final: true, quiet: true };
    await new Reader().fill(batch, set, file, template, reach, bodyLimit, Masks.from(redact, logger));
    return { batch, file };
  } finally {
    await handle.close();
  }
}

it('sends UTF-8 where a mask ends in the middle of a character', async () => {
  const { batch } = await read('2026-11-20T20:24:36Z [error] pass=é\n', ['pass=(.)']);
  expect(batch.count).toBe(1);
  const body = batch.slice(0, 1);
  expect(isUtf8(body)).toBe(true);
  expect(body.toString()).toContain('pass=*\\ufffd"');
});

it('does not go past the end of a file whose last byte is a carriage return', async () => {
  const text = '2026-11-20T20:24:36Z [error] one\n\r';
  const { batch, file } = await read(text);
  expect(batch.count).toBe(1);
  expect(file.position).toBe(text.length);
});

it('tells where the records of a body are, of one and of many lines', async () => {
  const { batch } = await read('2026-11-20T20:24:36Z [error] one\n more\n{"msg":"two"}\nthree\n');
  const messages = [0, 1, 2].map(
    (i) =>
      JSON.parse(
        batch
          .slice(i, i + 1)
          .toString()
          .split('\n')[1] ?? '',
      ).message,
  );
  expect(messages).toEqual(['one\n more', 'msg: two', 'three']);
  expect(batch.segments.map(({ records }) => records)).toEqual([3]);
});

it('puts no document of its own behind a body that is full', () => {
  const batch = new Batch<string>(new Slab(), 0);
  expect(batch.append(Buffer.from('first'), 'a', 1)).toBe(true);
  batch.slab.ends[1] = bodyLimit - 3;
  batch.close(bodyLimit - 3, 2, 'a', 2);
  expect(batch.append(Buffer.from('long'), 'b', 3)).toBe(false);
  expect(batch.append(Buffer.from('fit'), 'b', 3)).toBe(true);
  expect(batch.slice(2, 3).toString()).toBe('fit');
  batch.close(bodyLimit - 3, recordsLimit, 'b', 4);
  expect(batch.append(Buffer.from('fit'), 'c', 5)).toBe(false);
});
