import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configDirectory, openConfig } from '../../src/cli/config.ts';
import { openCredentials } from '../../src/cli/credentials.ts';
import { jsonErrorLine } from '../../src/cli/json-line.ts';
import { resolveSettings } from '../../src/cli/settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Failure } from '../../src/core/errors.ts';

const tools = { clock: systemClock, random: Math.random };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecpctl-config-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (text: string) => writeFileSync(join(directory, 'config.json'), text);

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the file', () => {
  test.each([
    ['{\n  "contexts": {\n    "a": { "url": "http://x", }\n  }\n}\n', 3],
    ['{\n  "contexts": oops\n}\n', 2],
    ['{\n  "contexts": {\n', 3],
    ['', 1],
    ['[1]', 1],
    ['{\n "contexts": {\n  "a": {\n   "url": 5\n  }\n }\n}', 4],
    ['{\n "contexts": {\n  "a": {\n   "url": "http://x",\n   "colour": "red"\n  }\n }\n}', 5],
  ])('%j is reported with path and line, and stays as it is', async (text, line) => {
    write(text);
    const failure = failureOf(() => openConfig(directory, tools));
    expect(failure.code).toBe('config_invalid');
    expect(failure.exit).toBe(78);
    expect(failure.message).toContain(`${join(directory, 'config.json')}: line ${line}:`);
    expect(readFileSync(join(directory, 'config.json'), 'utf8')).toBe(text);
  });

  test('it is not overwritten either where it breaks while the program runs', async () => {
    const config = openConfig(directory, tools);
    write('{ broken');
    await expect(config.update(() => {})).rejects.toMatchObject({ code: 'config_invalid' });
    expect(readFileSync(config.path, 'utf8')).toBe('{ broken');
  });

  test('changes of many at once are all kept, for the owner alone', async () => {
    await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        openConfig(directory, tools).update((now) => {
          now.contexts[`c${at}`] = { url: `http://h${at}` };
        }),
      ),
    );
    const config = openConfig(directory, tools);
    expect(Object.keys(config.contexts)).toHaveLength(12);
    if (process.platform !== 'win32') expect(statSync(config.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['config.json']);
  });

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a directory that cannot be used', () => {
    chmodSync(directory, 0o500);
    expect(failureOf(() => openConfig(join(directory, 'below'), tools)).code).toBe('unusable_path');
  });

  test('a file where the directory should be', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(failureOf(() => openConfig(join(directory, 'file'), tools)).code).toBe('unusable_path');
  });

  test('its place', () => {
    expect(configDirectory({ ECP_CONFIG_DIR: '/x' })).toBe('/x');
    if (process.platform !== 'win32') {
      expect(configDirectory({ HOME: '/home/a' })).toBe('/home/a/.config/ecpctl');
      expect(configDirectory({ HOME: '/home/a', XDG_CONFIG_HOME: '/y' })).toBe('/y/ecpctl');
    }
  });
});

test('the line of a wrong token is found in any JSON', () => {
  fc.assert(
    fc.property(fc.array(fc.json(), { minLength: 1, maxLength: 8 }), fc.nat(), (values, pick) => {
      const lines = ['[', ...values.map((value) => `${JSON.stringify(JSON.parse(value))},`), '0]'];
      const wrong = 1 + (pick % values.length);
      lines[wrong] = `${lines[wrong]?.slice(0, -1)} ?,`;
      expect(jsonErrorLine(lines.join('\n'))).toBe(wrong + 1);
    }),
  );
});

describe('settings', () => {
  const config = () => {
    write(
      JSON.stringify({
        currentContext: 'a',
        contexts: {
          a: { url: 'http://a/api', org: { id: 'o', name: 'org-a' }, project: { id: 'p', name: 'pro-a' } },
          b: { url: 'http://b' },
        },
      }),
    );
    return openConfig(directory, tools);
  };

  test('flag before environment before context before default', () => {
    const all = resolveSettings(
      { url: 'http://flag', org: 'f' },
      { ECP_URL: 'http://env', ECP_PROJECT: 'e' },
      config(),
    );
    expect(all.url).toEqual({ value: 'http://flag', source: 'flag', origin: '--url' });
    expect(all.org).toMatchObject({ value: 'f', source: 'flag' });
    expect(all.project).toEqual({ value: 'e', source: 'environment', origin: 'ECP_PROJECT' });
    expect(all.requestTimeout).toMatchObject({ value: 30_000, source: 'default' });
    const plain = resolveSettings({}, {}, config());
    expect(plain.url).toEqual({ value: 'http://a', source: 'context', origin: 'a' });
    expect(plain.org).toMatchObject({ value: 'org-a', source: 'context' });
    expect(resolveSettings({}, { ECP_CONTEXT: 'b' }, config()).url).toMatchObject({ value: 'http://b' });
    expect(resolveSettings({ context: 'b' }, { ECP_CONTEXT: 'a' }, config()).url).toMatchObject({ value: 'http://b' });
  });

  test('what is wrong is said with the name of its source', () => {
    expect(failureOf(() => resolveSettings({}, { ECP_URL: 'nonsense' }, config())).message).toContain('ECP_URL');
    expect(failureOf(() => resolveSettings({}, { ECP_REQUEST_TIMEOUT: 'x' }, config())).message).toContain(
      'ECP_REQUEST_TIMEOUT',
    );
    expect(failureOf(() => resolveSettings({ context: '../x' }, {}, config())).code).toBe('invalid_value');
  });
});

const quiet = { ...tools, out: { warn: () => {} } };

describe('tokens', () => {
  test('are kept for one address alone', async () => {
    const open = (name: string, url: string) => openCredentials(directory, name, url, quiet, undefined);
    const store = open('a', 'http://a');
    await store.write({ accessToken: 't1', refreshToken: 'r1' });
    expect(await store.read()).toMatchObject({ accessToken: 't1', refreshToken: 'r1' });
    expect(await open('a', 'http://b').read()).toBeUndefined();
    expect(await open('b', 'http://a').read()).toBeUndefined();
    const path = join(directory, 'tokens', 'a.json');
    expect(store.place()).toEqual({ store: 'file', at: path });
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    await store.remove();
    expect(await store.read()).toBeUndefined();
  });

  test.each(['', '{', '[]', '{"url":"http://a"}'])(
    'a damaged file (%j) is said, not taken for a login',
    async (text) => {
      mkdirSync(join(directory, 'tokens'));
      writeFileSync(join(directory, 'tokens', 'a.json'), text);
      await expect(openCredentials(directory, 'a', 'http://a', quiet, undefined).read()).rejects.toMatchObject({
        code: 'config_invalid',
      });
    },
  );
});
