import { Failure } from '../../core/errors.ts';

/** An address the server may call: http or https, without an account in it. Throws `invalid_value`. */
export function httpAddress(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '') return parsed;
  throw new Failure('invalid_value', { name: 'url', reason: 'an http or https address without a password is needed' });
}
