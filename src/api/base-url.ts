import { Failure } from '../core/errors.ts';

/**
 * The address of an ECP without a trailing slash and without `/api`: guides write both `https://HOST` and
 * `https://HOST/api` (ecp.md section 1).
 *
 * @throws Failure invalid_value, naming `source`, where it is no http or https address.
 */
export function normalizeBaseUrl(text: string, source: string): string {
  let url: URL | undefined;
  try {
    url = new URL(text.trim());
  } catch {
    // Reported below, together with a scheme that is none of ours.
  }
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Failure('invalid_value', {
      name: source,
      reason: { en: `"${text}" is not an http or https address`, zh: `“${text}”不是 http 或 https 地址` },
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new Failure('invalid_value', {
      name: source,
      reason: { en: 'must not carry a user name or password', zh: '不能包含用户名或密码' },
    });
  }
  return (
    url.origin +
    url.pathname
      .replace(/\/+$/, '')
      .replace(/\/api$/, '')
      .replace(/\/+$/, '')
  );
}
