import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.ts';
import { Failure } from '../core/errors.ts';
import { readTextIfAny, writeFileAtomic } from '../core/files.ts';
import type { Text } from '../core/text.ts';
import type { Runtime } from './runtime.ts';

/** Where the bundle of `keyring-helper.ts` lies, seen from the bundle of this file; put in by the build and by vitest. */
declare const __KEYRING_HELPER__: string;

/** How long a keyring may take to answer. Unlocking it by hand takes longer: that is done before, not meanwhile. */
const patienceMs = 3000;
/** After it did not, it is not written to for a while, and where it alone has the tokens it gets less time. */
const restMs = 5 * 60_000;
const patienceAtRestMs = 1000;
const largestAnswer = 65_536;

export interface HelperRequest {
  readonly verb: 'get' | 'set' | 'remove';
  readonly account: string;
  readonly secret?: string;
}

export interface HelperAnswer {
  /** `absent`: no keyring is here at all; `refused`: it answered that it will not; `silent`: nothing came in time. */
  readonly kind: 'done' | 'absent' | 'refused' | 'silent';
  readonly secret?: string;
  readonly reason?: string;
}

/** Why a keyring did not do what it was asked. */
export class KeyringTrouble extends Error {
  readonly kind: 'absent' | 'refused' | 'silent' | 'resting';
  readonly reason: Text;

  constructor(kind: KeyringTrouble['kind'], reason: Text) {
    super(reason.en);
    this.kind = kind;
    this.reason = reason;
  }
}

/** The operating system's store of secrets. Every call answers or throws a KeyringTrouble within three seconds. */
export interface Keyring {
  /** What its users know it as. */
  readonly name: string;
  get(account: string): Promise<string | undefined>;
  /** Throws at once, with `resting`, where it did not answer a while ago. */
  set(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
}

export interface KeyringChoice {
  readonly used: boolean;
  /** What decided: a variable of the environment, or nothing but the default. */
  readonly source: 'environment' | 'default';
  readonly origin: string;
}

/**
 * Whether a keyring is asked at all, without asking it: not where `ECPCTL_KEYRING` says no, not in CI, and not without
 * a session bus, where nobody could answer.
 *
 * @throws Failure invalid_value
 */
export function keyringChoice(env: Runtime['env'], platform: NodeJS.Platform = process.platform): KeyringChoice {
  const asked = env.ECPCTL_KEYRING ?? '';
  if (!['', 'auto', 'off', 'file'].includes(asked)) {
    throw new Failure('invalid_value', {
      name: 'ECPCTL_KEYRING',
      reason: { en: `"${asked}" is none of: auto, off, file`, zh: `“${asked}”不在可选值之内：auto、off、file` },
    });
  }
  if (asked === 'off' || asked === 'file') return { used: false, source: 'environment', origin: 'ECPCTL_KEYRING' };
  if (env.CI && env.CI !== 'false' && env.CI !== '0') return { used: false, source: 'environment', origin: 'CI' };
  if (platform !== 'darwin' && platform !== 'win32' && !env.DBUS_SESSION_BUS_ADDRESS) {
    return { used: false, source: 'default', origin: 'DBUS_SESSION_BUS_ADDRESS' };
  }
  return asked === ''
    ? { used: true, source: 'default', origin: '' }
    : { used: true, source: 'environment', origin: 'ECPCTL_KEYRING' };
}

export function keyringName(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin') return 'macOS Keychain';
  return platform === 'win32' ? 'Windows Credential Manager' : 'Secret Service';
}

/** `undefined` where none is to be used; `directory` is that of the configuration, where a rest is remembered. */
export function openKeyring(
  directory: string,
  runtime: Pick<Runtime, 'env' | 'clock' | 'signal' | 'atExit'>,
): Keyring | undefined {
  if (!keyringChoice(runtime.env).used) return undefined;
  const rest = restMark(join(directory, 'cache', 'keyring.json'), runtime.clock);
  const abort = new AbortController();
  runtime.atExit(() => abort.abort());
  const signal = AbortSignal.any([runtime.signal, abort.signal]);
  const ask = async (request: HelperRequest): Promise<string | undefined> => {
    const rests = rest.now();
    const ms = rests ? patienceAtRestMs : patienceMs;
    const answer = await askHelper(fileURLToPath(new URL(__KEYRING_HELPER__, import.meta.url)), request, {
      ms,
      env: runtime.env,
      signal,
    });
    if (answer.kind === 'done') {
      if (rests) rest.end();
      return answer.secret;
    }
    // A rest is not made longer by what was asked during it: after it, it gets its three seconds again.
    if (answer.kind !== 'absent' && !rests) rest.begin();
    throw troubleOf(answer, ms);
  };
  return {
    name: keyringName(),
    get: (account) => ask({ verb: 'get', account }),
    async set(account, secret) {
      if (rest.now()) throw new KeyringTrouble('resting', { en: 'it did not answer before', zh: '此前没有响应' });
      await ask({ verb: 'set', account, secret });
    },
    async remove(account) {
      await ask({ verb: 'remove', account });
    },
  };
}

function troubleOf({ kind, reason = '' }: HelperAnswer, ms: number): KeyringTrouble {
  if (kind === 'absent' || kind === 'refused') return new KeyringTrouble(kind, { en: reason, zh: reason });
  const seconds = ms / 1000;
  return new KeyringTrouble('silent', { en: `no answer within ${seconds} s`, zh: `${seconds} 秒内没有响应` });
}

/** A file that says until when the keyring is left alone, for all processes of this user. */
function restMark(path: string, clock: Clock) {
  return {
    now(): boolean {
      try {
        const { until } = JSON.parse(readTextIfAny(path) ?? '{}') as { until?: unknown };
        // One that ends later than one made now was made before the clock was set back.
        return typeof until === 'number' && until > clock.now() && until <= clock.now() + restMs;
      } catch {
        return false;
      }
    },
    begin(): void {
      try {
        writeFileAtomic(path, JSON.stringify({ until: clock.now() + restMs }), { durable: false });
      } catch {
        // Where nothing can be written the next run waits again; what was asked for matters more.
      }
    },
    end: () => rmSync(path, { force: true }),
  };
}

export interface HelperTools {
  /** Milliseconds after which it is killed. */
  readonly ms: number;
  readonly env: Runtime['env'];
  readonly signal: AbortSignal;
}

/** Asks in a process of its own, which is killed when it does not answer in time, or when the signal aborts. */
export async function askHelper(path: string, request: HelperRequest, tools: HelperTools): Promise<HelperAnswer> {
  const { spawn } = await import('node:child_process');
  tools.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // Without the caller's Node options: what they print or wait for is not for this process.
    const child = spawn(process.execPath, [path], {
      env: { ...tools.env, NODE_OPTIONS: '' },
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      tools.signal.removeEventListener('abort', aborted);
      child.kill('SIGKILL');
      // Whoever hangs in the kernel does not die of it either: nothing of ours waits for that.
      child.stdin.destroy();
      child.stdout.destroy();
      child.unref();
      settle();
    };
    const aborted = () => end(() => reject(tools.signal.reason));
    const timer = setTimeout(() => end(() => resolve({ kind: 'silent' })), tools.ms);
    tools.signal.addEventListener('abort', aborted, { once: true });
    child.once('error', (error) => end(() => resolve({ kind: 'absent', reason: error.message })));
    child.stdin.on('error', () => {});
    child.stdout.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestAnswer) end(() => resolve(broken));
      else chunks.push(chunk);
    });
    child.once('close', () => end(() => resolve(parse(Buffer.concat(chunks).toString()))));
    child.stdin.end(JSON.stringify(request));
  });
}

const broken: HelperAnswer = { kind: 'refused', reason: 'its helper broke off' };

function parse(text: string): HelperAnswer {
  try {
    const { kind, secret, reason } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (kind !== 'done' && kind !== 'absent' && kind !== 'refused') return broken;
    return {
      kind,
      ...(typeof secret === 'string' && { secret }),
      ...(typeof reason === 'string' && { reason }),
    };
  } catch {
    return broken;
  }
}
