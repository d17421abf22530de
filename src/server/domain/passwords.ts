import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Failure } from '../../core/errors.ts';

const scrypt = promisify(scryptCallback) as (
  password: string,
  salt: Buffer,
  size: number,
  cost: object,
) => Promise<Buffer>;
const cost = { N: 16_384, r: 8, p: 1 };
const prefix = `scrypt$${cost.N}$${cost.r}$${cost.p}`;

/** `scrypt$N$r$p$salt$hash`, both base64url: a later change of cost leaves old hashes readable. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scrypt(password.normalize('NFKC'), salt, 32, cost);
  return `${prefix}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Compares in constant time. Without a stored hash it works as long and answers false: a name cannot be probed. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, n, r, p, salt, hash] = (stored ?? `${prefix}$AAAA$AAAA`).split('$');
  const expected = Buffer.from(hash ?? '', 'base64url');
  const size = Math.max(expected.length, 32);
  const actual = await scrypt(password.normalize('NFKC'), Buffer.from(salt ?? '', 'base64url'), size, {
    N: Number(n),
    r: Number(r),
    p: Number(p),
  });
  return stored !== undefined && expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** 20 letters and digits, about 119 bits. */
export function generatePassword(): string {
  return randomBytes(40).toString('base64url').replace(/[-_]/g, '').slice(0, 20);
}

/** Refuses what is no password: the rule is length alone, because rules of composition make people write it down. */
export function checkNewPassword(password: string): void {
  const length = [...password].length;
  if (length >= 8 && password.length <= 256) return;
  throw new Failure('invalid_value', { name: 'password', reason: '8 to 256 characters are needed' });
}
