import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TokenStore, Tokens } from '../api/tokens.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import { readTextIfAny, writeFileAtomic } from '../core/files.ts';
import type { LockTools } from '../core/lock.ts';
import { withLock } from '../core/lock.ts';
import type { Text } from '../core/text.ts';
import type { Keyring } from './keyring.ts';
import { KeyringTrouble, keyringName } from './keyring.ts';
import type { Output } from './output.ts';

/** Tokens of one context, kept for one address: what was given for one server is never sent to another. */
export interface Credentials extends TokenStore {
  /** Renewed tokens: they stay where the ones before them are. */
  write(tokens: Tokens): Promise<void>;
  /** Tokens of a new login: into the keyring where there is one that answers, else into the file. */
  begin(tokens: Tokens): Promise<void>;
  /** Where they are, without fetching them; undefined where there are none. */
  place(): TokenPlace | undefined;
  /** Out of the keyring and the file. */
  remove(): Promise<void>;
}

export interface TokenPlace {
  readonly store: 'keyring' | 'file';
  /** The keyring's name, or the file's path. */
  readonly at: string;
}

export interface CredentialTools extends LockTools {
  readonly out: Pick<Output, 'warn'>;
}

/** The file holds the tokens, or says that the keyring does; a new revision tells other processes to fetch anew. */
type Kept = (Tokens & { readonly url: string }) | { readonly url: string; readonly keyring: string };

/**
 * A file per context, 0600, replaced in one step; processes take turns at renewing. The file alone says where the
 * tokens are: the keyring is asked only by a command whose tokens it has. `keyring` is undefined where none is used.
 */
export function openCredentials(
  directory: string,
  context: string,
  url: string,
  tools: CredentialTools,
  keyring: Keyring | undefined,
): Credentials {
  const path = join(directory, 'tokens', `${context}.json`);
  // Two configurations may call a context the same; and a person finds this one in the keyring's window.
  const account = resolve(path);
  let fetched: { revision: string; tokens: Promise<Tokens | undefined> } | undefined;

  const kept = (): Kept | undefined => {
    const text = readTextIfAny(path);
    const found = text === undefined ? undefined : parse(path, text);
    return found?.url === url ? found : undefined;
  };
  const keep = (content: Kept) => {
    try {
      writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
    } catch (error) {
      throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
    }
  };
  const toFile = ({ accessToken, refreshToken }: Tokens) => keep({ url, accessToken, refreshToken });
  // The keyring first, then the file that points to it: whoever reads in between finds the new tokens by the old file.
  const toKeyring = async ({ accessToken, refreshToken }: Tokens): Promise<boolean> => {
    try {
      if (!keyring) return false;
      await keyring.set(account, JSON.stringify({ url, accessToken, refreshToken }));
    } catch (error) {
      warnOf(tools, troubleIn(error), {
        en: 'the tokens are kept in a file, because the keyring cannot be used',
        zh: '无法使用系统密钥环，令牌改为保存在文件中',
      });
      return false;
    }
    const revision = tools.random().toString(36).slice(2);
    keep({ url, keyring: revision });
    fetched = { revision, tokens: Promise.resolve({ accessToken, refreshToken }) };
    return true;
  };
  const fetch = async (): Promise<Tokens | undefined> => {
    try {
      if (!keyring) throw new KeyringTrouble('absent', off);
      const secret = await keyring.get(account);
      const found = secret === undefined ? undefined : parse(keyring.name, secret);
      return found?.url === url && 'accessToken' in found ? found : undefined;
    } catch (error) {
      if (error instanceof Failure) throw error;
      const { reason } = troubleIn(error);
      throw new Failure('keyring_unavailable', { name: keyringName(), reason }, { cause: error });
    }
  };
  const exclusively = <T>(work: () => Promise<T>, signal?: AbortSignal) =>
    withLock(`${path}.lock`, work, tools, signal);

  return {
    async read() {
      const found = kept();
      if (found === undefined || 'accessToken' in found) return found;
      // The file is read each time, the keyring again only when somebody has written since.
      if (fetched?.revision !== found.keyring) fetched = { revision: found.keyring, tokens: fetch() };
      return fetched.tokens;
    },
    async write(tokens) {
      const found = kept();
      const written = found !== undefined && 'keyring' in found && (await toKeyring(tokens));
      if (!written) toFile(tokens);
    },
    begin: (tokens) =>
      exclusively(async () => {
        if (!(await toKeyring(tokens))) toFile(tokens);
      }),
    place() {
      const found = kept();
      if (found === undefined) return undefined;
      return 'keyring' in found ? { store: 'keyring', at: keyringName() } : { store: 'file', at: path };
    },
    exclusively,
    remove: () =>
      exclusively(async () => {
        const inKeyring = readTextIfAny(path)?.includes('"keyring":') === true;
        rmSync(path, { force: true });
        fetched = undefined;
        try {
          // Also where the file had them: a keyring that did not answer at a renewal has the ones before.
          if (keyring) await keyring.remove(account);
          else if (inKeyring) throw new KeyringTrouble('refused', off);
        } catch (error) {
          const trouble = troubleIn(error);
          if (inKeyring)
            warnOf(tools, trouble, { en: 'the tokens are still in the keyring', zh: '令牌仍在系统密钥环中' });
        }
      }),
  };
}

const off: Text = {
  en: 'it is switched off here, see: ecpctl config explain',
  zh: '此处已停用，见：ecpctl config explain',
};

/** What is no trouble of the keyring's is thrown on. */
function troubleIn(error: unknown): KeyringTrouble {
  if (error instanceof KeyringTrouble) return error;
  throw error;
}

/** Nothing is said where there is no keyring, and nothing again of one that did not answer a moment ago. */
function warnOf({ out }: CredentialTools, { kind, reason }: KeyringTrouble, what: Text): void {
  if (kind === 'absent' || kind === 'resting') return;
  out.warn({ en: `${what.en}: ${reason.en}`, zh: `${what.zh}：${reason.zh}` });
}

function parse(place: string, text: string): Kept {
  try {
    const value: unknown = JSON.parse(text);
    if (isKept(value)) return value;
  } catch {
    // Said below: a text that is no JSON and one of another shape are the same trouble.
  }
  throw new Failure(
    'config_invalid',
    { path: place, reason: { en: 'no tokens in it', zh: '其中没有令牌' } },
    { hint: { en: 'Log in anew: ecpctl login', zh: '请重新登录：ecpctl login' } },
  );
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { url, accessToken, refreshToken, keyring } = value as Record<string, unknown>;
  if (typeof url !== 'string') return false;
  if (typeof keyring === 'string') return true;
  return typeof accessToken === 'string' && (refreshToken === undefined || typeof refreshToken === 'string');
}
