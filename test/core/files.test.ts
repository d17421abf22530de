import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSecretFile, readTextIfAny, writeFileAtomic } from '../../src/core/files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeFileAtomic', () => {
  it('writes for the owner alone and makes the directory', () => {
    const path = join(folder, 'a', 'b');
    writeFileAtomic(path, '温度');
    expect(readFileSync(path, 'utf8')).toBe('温度');
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves the old content and no scrap when it cannot finish', () => {
    const path = join(folder, 'state');
    // A directory in the place of the file lets the rename fail after everything was written.
    mkdirSync(join(path, 'inside'), { recursive: true });
    expect(() => writeFileAtomic(path, 'new')).toThrow();
    expect(readdirSync(folder)).toEqual(['state']);
  });
});

it('tells a missing file from an unreadable one', () => {
  expect(readTextIfAny(join(folder, 'none'))).toBeUndefined();
  expect(() => readTextIfAny(folder)).toThrow();
});

it.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  ['secret\n\n', 'secret\n'],
])('drops one newline behind a secret: %j', (content, secret) => {
  writeFileSync(join(folder, 's'), content);
  expect(readSecretFile(join(folder, 's'))).toBe(secret);
});
