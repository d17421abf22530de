import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCredentials } from '../../src/cli/credentials.ts';
import type { HelperRequest, Keyring } from '../../src/cli/keyring.ts';
import { askHelper, KeyringTrouble, keyringChoice } from '../../src/cli/keyring.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Text } from '../../src/core/text.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecpctl-keyring-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('whether a keyring is asked', () => {
  const bus = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus' };
  test.each([
    ['a desktop', bus, 'linux', true, 'default', ''],
    ['no session bus', {}, 'linux', false, 'default', 'DBUS_SESSION_BUS_ADDRESS'],
    ['macOS needs no bus', {}, 'darwin', true, 'default', ''],
    ['Windows needs no bus', {}, 'win32', true, 'default', ''],
    ['CI', { ...bus, CI: 'true' }, 'linux', false, 'environment', 'CI'],
    ['CI=false is none', { ...bus, CI: 'false' }, 'linux', true, 'default', ''],
    ['off', { ...bus, ECPCTL_KEYRING: 'off' }, 'linux', false, 'environment', 'ECPCTL_KEYRING'],
    ['file', { ...bus, ECPCTL_KEYRING: 'file' }, 'darwin', false, 'environment', 'ECPCTL_KEYRING'],
    ['auto', { ...bus, ECPCTL_KEYRING: 'auto' }, 'linux', true, 'environment', 'ECPCTL_KEYRING'],
  ] as const)('%s', (_, env, platform, used, source, origin) => {
    expect(keyringChoice(env, platform)).toEqual({ used, source, origin });
  });

  test('another word is said, not guessed at', () => {
    expect(() => keyringChoice({ ECPCTL_KEYRING: 'of' })).toThrow('"of" is none of: auto, off, file');
  });
});

describe('the helper process', () => {
  const request: HelperRequest = { verb: 'set', account: 'a', secret: 'very-secret' };

  function helper(source: string): string {
    const path = join(directory, 'helper.cjs');
    writeFileSync(path, source);
    return path;
  }
  const ask = (source: string, ms = 20_000, signal = new AbortController().signal) =>
    askHelper(helper(source), request, { ms, env: { PATH: process.env.PATH, NODE_OPTIONS: '--bad-option' }, signal });

  const writesPid = (path: string) => `require('node:fs').writeFileSync(${JSON.stringify(path)}, String(process.pid));`;
  const isGone = async (pid: number) => {
    for (let tries = 0; tries < 500; tries++) {
      try {
        process.kill(pid, 0);
      } catch {
        return true;
      }
      await systemClock.sleep(20);
    }
    return false;
  };

  test('gets the secret through stdin, and nothing of it on its command line or in its environment', async () => {
    const { secret = '{}' } = await ask(`
      const request = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
      const secret = JSON.stringify({ request, argv: process.argv.slice(2), env: process.env });
      process.stdout.write(JSON.stringify({ kind: 'done', secret }));`);
    const seen = JSON.parse(secret) as { request: unknown; argv: string[]; env: object };
    expect(seen.request).toEqual(request);
    expect(seen.argv).toEqual([]);
    expect(JSON.stringify(seen.env)).not.toContain('very-secret');
  });

  test('one that hangs is killed when its time is over', async () => {
    const pid = join(directory, 'pid');
    const hangs = `${writesPid(pid)} Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
    expect(await ask(hangs, 3000)).toEqual({ kind: 'silent' });
    expect(await isGone(Number(readFileSync(pid, 'utf8')))).toBe(true);
  });

  test('Ctrl-C ends the wait and the helper', async () => {
    const pid = join(directory, 'pid');
    const abort = new AbortController();
    const asked = ask(`${writesPid(pid)} setInterval(() => {}, 1000);`, 60_000, abort.signal);
    const failed = expect(asked).rejects.toBe('stop');
    let text = '';
    while (text === '') {
      await systemClock.sleep(20);
      try {
        text = readFileSync(pid, 'utf8');
      } catch {
        // Not there yet; the test's own time is the limit.
      }
    }
    abort.abort('stop');
    await failed;
    expect(await isGone(Number(text))).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'process.stdout.write("dbus: warning");'],
    ['a kind that there is not', 'process.stdout.write(JSON.stringify({ kind: "fine" }));'],
    ['null', 'process.stdout.write("null");'],
    ['too much', 'process.stdout.write("x".repeat(1e6)); setInterval(() => {}, 1000);'],
  ])('an answer that is %s is a refusal', async (_, source) => {
    expect(await ask(source)).toMatchObject({ kind: 'refused' });
  });
});

const names = { en: 'it is locked', zh: '已锁定' };

/** A keyring in memory, which does as it is told. */
function fakeKeyring() {
  const items = new Map<string, string>();
  const calls: string[] = [];
  let trouble: KeyringTrouble | undefined;
  const done = (call: string) => {
    calls.push(call);
    if (trouble) throw trouble;
  };
  const keyring: Keyring = {
    name: 'Fake',
    get: async (account) => {
      done('get');
      return items.get(account);
    },
    set: async (account, secret) => {
      done('set');
      items.set(account, secret);
    },
    remove: async (account) => {
      done('remove');
      items.delete(account);
    },
  };
  return {
    keyring,
    items,
    calls,
    failWith: (kind: KeyringTrouble['kind'] | undefined) => {
      trouble = kind && new KeyringTrouble(kind, names);
    },
  };
}

describe('tokens', () => {
  const url = 'http://a';
  const first = { accessToken: 'access-1', refreshToken: 'refresh-1' };
  const second = { accessToken: 'access-2', refreshToken: 'refresh-2' };
  const warnings: string[] = [];
  beforeEach(() => warnings.splice(0));
  const tools = {
    clock: systemClock,
    random: Math.random,
    out: { warn: (text: Text | string) => warnings.push(typeof text === 'string' ? text : text.en) },
  };
  const open = (keyring: Keyring | undefined, at = url) => openCredentials(directory, 'a', at, tools, keyring);
  const file = () => readFileSync(join(directory, 'tokens', 'a.json'), 'utf8');

  test('of a login go into the keyring, and the file says no more than that', async () => {
    const { keyring, calls } = fakeKeyring();
    await open(keyring).begin(first);
    expect(Object.keys(JSON.parse(file()))).toEqual(['url', 'keyring']);
    expect(file()).not.toContain('access-1');
    expect(open(keyring).place()).toMatchObject({ store: 'keyring' });
    expect(calls).toEqual(['set']);
    expect(await open(keyring).read()).toMatchObject(first);
    expect(await open(keyring, 'http://b').read()).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test('are fetched once, and again only when another process has renewed them', async () => {
    const { keyring, calls } = fakeKeyring();
    const other = open(keyring);
    await other.begin(first);
    const store = open(keyring);
    expect(await Promise.all([store.read(), store.read()])).toMatchObject([first, first]);
    await store.read();
    expect(calls).toEqual(['set', 'get']);
    await other.write(second);
    expect(await store.read()).toMatchObject(second);
    await store.read();
    expect(calls).toEqual(['set', 'get', 'set', 'get']);
  });

  test('that were in the file stay there when they are renewed, and move at the next login', async () => {
    await open(undefined).begin(first);
    const { keyring, calls, items } = fakeKeyring();
    const store = open(keyring);
    await store.read();
    await store.write(second);
    expect(calls).toEqual([]);
    expect(JSON.parse(file())).toEqual({ url, ...second });
    await store.begin(first);
    expect(file()).not.toContain('access');
    expect([...items.values()].map((item) => JSON.parse(item))).toEqual([{ url, ...first }]);
  });

  test.each([
    ['refused', 1],
    ['silent', 1],
    ['resting', 0],
    ['absent', 0],
  ] as const)('go into the file where the keyring is %s, with %i warnings', async (kind, count) => {
    const { keyring, failWith } = fakeKeyring();
    failWith(kind);
    await open(keyring).begin(first);
    expect(open(keyring).place()).toMatchObject({ store: 'file' });
    expect(await open(keyring).read()).toMatchObject(first);
    expect(warnings).toHaveLength(count);
    for (const warning of warnings) expect(warning).toContain('kept in a file');
  });

  test('that were renewed are not lost when the keyring has locked itself meanwhile', async () => {
    const { keyring, failWith } = fakeKeyring();
    const store = open(keyring);
    await store.begin(first);
    failWith('refused');
    await store.write(second);
    expect(await open(undefined).read()).toMatchObject(second);
    expect(warnings).toHaveLength(1);
  });

  test('in a keyring that cannot be asked are no reason to say that nobody is logged in', async () => {
    const { keyring, failWith } = fakeKeyring();
    await open(keyring).begin(first);
    failWith('silent');
    await expect(open(keyring).read()).rejects.toMatchObject({ code: 'keyring_unavailable', exit: 3 });
    await expect(open(undefined).read()).rejects.toMatchObject({ code: 'keyring_unavailable' });
  });

  test('that somebody took out of the keyring are none', async () => {
    const { keyring, items } = fakeKeyring();
    await open(keyring).begin(first);
    items.clear();
    expect(await open(keyring).read()).toBeUndefined();
  });

  test.each(['', '{', '{"url":"http://a"}'])('that are damaged in the keyring (%j) are said', async (text) => {
    const { keyring, items } = fakeKeyring();
    await open(keyring).begin(first);
    for (const account of items.keys()) items.set(account, text);
    await expect(open(keyring).read()).rejects.toMatchObject({ code: 'config_invalid' });
  });

  test('are removed from both', async () => {
    const { keyring, items, failWith } = fakeKeyring();
    const store = open(keyring);
    await store.begin(first);
    failWith('refused');
    await store.write(second);
    failWith(undefined);
    expect(items.size).toBe(1);
    await store.remove();
    expect([items.size, store.place(), await store.read()]).toEqual([0, undefined, undefined]);
  });

  test('that are still in the keyring after a logout are said', async () => {
    const { keyring, failWith } = fakeKeyring();
    const store = open(keyring);
    await store.begin(first);
    failWith('silent');
    await store.remove();
    expect(store.place()).toBeUndefined();
    expect(warnings).toEqual(['the tokens are still in the keyring: it is locked']);
  });

  test('of two configurations with a context of the same name are two', async () => {
    const { keyring, items } = fakeKeyring();
    await open(keyring).begin(first);
    const elsewhere = openCredentials(join(directory, 'other'), 'a', url, tools, keyring);
    await elsewhere.begin(second);
    expect(items.size).toBe(2);
    expect(await open(keyring).read()).toMatchObject(first);
  });
});
