import { serverDefaults } from '../contract/server-defaults.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import { readSecretFile } from '../core/files.ts';

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` or a port alone. @throws Failure invalid_value. */
export function readAddress(flag: string, text: string | undefined, usual: number): { host: string; port: number } {
  const { host } = serverDefaults;
  if (text === undefined) return { host, port: usual };
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? [];
  if (digits !== undefined && Number(digits) <= 65_535)
    return { host: bracketed ?? (plain || host), port: Number(digits) };
  throw new Failure('invalid_value', {
    name: flag,
    reason: { en: `"${text}" is no HOST:PORT`, zh: `“${text}”不是 HOST:PORT` },
  });
}

/** An address of one of these protocols. @throws Failure invalid_value. */
export function readUrl<Given extends string | undefined>(flag: string, text: Given, protocol: RegExp): Given {
  if (text === undefined || (URL.canParse(text) && protocol.test(new URL(text).protocol))) return text;
  throw new Failure('invalid_value', {
    name: flag,
    reason: { en: `"${text}" is no address of this kind`, zh: `“${text}”不是此类地址` },
  });
}

/** The content of a file that was named, without the newline at its end. @throws Failure unusable_path. */
export function readGiven<Path extends string | undefined>(path: Path): Path extends string ? string : undefined;
export function readGiven(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readSecretFile(path);
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
}
