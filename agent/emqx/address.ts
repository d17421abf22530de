import { EmqxError } from './errors.ts';

/**
 * A base address of EMQX as operators write it, made plain: `http://` where no scheme is given; no trailing slash, no
 * `/api/v5`, no `#/dashboard` of a copied browser address. Throws `EmqxError` (`bad_url`).
 */
export function parseBase(text: string): string {
  const trimmed = text.trim();
  const bad = () => new EmqxError('bad_url', { url: trimmed.replace(/\/\/[^/@]*@/, '//') });
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  } catch {
    throw bad();
  }
  // A password in an address would be written into every error sentence.
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || url.search) throw bad();
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/api(\/v[45])?$/, '');
}
