import { Failure } from '../core/errors.ts';
import type { Runtime } from './runtime.ts';

/** All of stdin, one trailing newline dropped; for a secret, so at most 64 KiB. */
export async function readSecretFromStdin(runtime: Runtime, flag: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of runtime.host.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > 65_536) throw new Failure('invalid_value', { name: flag, reason: { en: 'too long', zh: '过长' } });
    chunks.push(bytes);
  }
  const secret = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (secret === '')
    throw new Failure('invalid_value', { name: flag, reason: { en: 'stdin is empty', zh: '标准输入为空' } });
  return secret;
}
