import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** An id of 12 lower-case letters and digits, 62 bits of chance (contract: ours.md, Server). */
export function newId(bytes: (size: number) => Buffer = randomBytes): string {
  let id = '';
  while (id.length < 12) {
    // 252 is the largest multiple of 36 in a byte: cutting there keeps every letter equally likely.
    for (const byte of bytes(16)) if (byte < 252 && id.length < 12) id += alphabet[byte % 36];
  }
  return id;
}
