import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenStore, Tokens } from '../api/tokens.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import { readTextIfAny, writeFileAtomic } from '../core/files.ts';
import type { LockTools } from './lock.ts';
import { withLock } from './lock.ts';

/** Tokens of one context, kept for one address: what was given for one server is never sent to another. */
export interface Credentials extends TokenStore {
  readonly path: string;
  remove(): void;
}

/** A file per context, 0600, replaced in one step; processes take turns at renewing. */
export function fileCredentials(directory: string, context: string, url: string, tools: LockTools): Credentials {
  const path = join(directory, 'tokens', `${context}.json`);
  return {
    path,
    read: async () => {
      const text = readTextIfAny(path);
      const kept = text === undefined ? undefined : parse(path, text);
      return kept?.url === url ? kept : undefined;
    },
    write: async ({ accessToken, refreshToken }) => {
      try {
        writeFileAtomic(path, `${JSON.stringify({ url, accessToken, refreshToken }, null, 2)}\n`);
      } catch (error) {
        throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
      }
    },
    exclusively: (work, signal) => withLock(`${path}.lock`, work, tools, signal),
    remove: () => rmSync(path, { force: true }),
  };
}

function parse(path: string, text: string): Tokens & { url: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (isKept(value)) return value;
  } catch {
    // Said below: a file that is no JSON and one of another shape are the same trouble.
  }
  throw new Failure(
    'config_invalid',
    { path, reason: { en: 'no tokens in it', zh: '其中没有令牌' } },
    {
      hint: { en: 'Remove the file and run: ecpctl login', zh: '请删除该文件并运行：ecpctl login' },
    },
  );
}

function isKept(value: unknown): value is Tokens & { url: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { url, accessToken, refreshToken } = value as Record<string, unknown>;
  const known = typeof url === 'string' && typeof accessToken === 'string';
  return known && (refreshToken === undefined || typeof refreshToken === 'string');
}
