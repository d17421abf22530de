import { type RequestHeader, type ResponseHeader, TunnelError } from '../../src/contract/frames.ts';
import { isSecretName } from '../../src/core/redact.ts';

/**
 * What may pass between ECP and EMQX. The registered EMQX is all that can be reached: a path stays below its address,
 * however it is written, and an answer does not lead away from it.
 */

/** Throws `TunnelError` (`refused`) for a path that is no plain path below the registered address. */
export function checkPath(path: string): void {
  const query = path.indexOf('?');
  const name = query < 0 ? path : path.slice(0, query);
  // Printable ASCII without blank, backslash and fragment: the rest must be percent-encoded, as HTTP has it.
  if (!/^\/[!-~]*$/.test(path) || /[\\#]/.test(path) || /%(?![0-9a-f]{2})/i.test(name)) {
    throw refused('the path is not an absolute, encoded path');
  }
  // As often as it can be decoded: a proxy in front of EMQX may decode once more than EMQX does.
  for (let text = name, before = ''; text !== before; text = decode(text)) {
    before = text;
    checkSegments(text);
  }
}

function checkSegments(text: string): void {
  // Compatibility forms (full-width dots and slashes) count as what they look like.
  const plain = text.normalize('NFKC').replace(/\\/g, '/');
  if (plain.startsWith('//')) throw refused('the path names a host');
  for (const segment of plain.split('/')) {
    // `..;x` is `..` to servers that know path parameters.
    const [word = ''] = segment.split(';');
    if (/^\.{1,2}$/.test(word.trim())) throw refused('the path has dot segments');
  }
  for (const letter of text) if (letter < ' ' || letter === '\x7f') throw refused('the path has control characters');
}

/** One round of percent-decoding; what is no valid UTF-8 is refused: overlong forms hide dots and slashes. */
function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign in decoded text is one that the sender had encoded: nothing more to decode.
    if (!/%(u?)[0-9a-f]{2}/i.test(text)) return text;
    throw refused('the path is not encoded as UTF-8');
  }
}

/** Between two neighbours only (RFC 9110, 7.6.1), with what Node or EMQX must decide for themselves. */
const hopByHop = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Says to EMQX who asked ECP, or carries what ECP's own login lives in. */
const aboutEcp = /^(authorization|cookie|cookie2|forwarded|via|x-real-ip|x-forwarded-.*|x-ecp-.*)$/;

/** Headers of a request as EMQX gets them, names in lower case. The agent adds EMQX's credentials later. */
export function requestHeaders({ headers }: RequestHeader): Record<string, string> {
  return filter(headers, (name) => aboutEcp.test(name) || isSecretName(name) || name === 'content-length');
}

/** Headers of an answer as ECP gets them. A cookie of EMQX must not be set on ECP's own address. */
export function responseHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return filter(headers, (name) => name === 'set-cookie' || name === 'set-cookie2');
}

function filter(headers: Readonly<Record<string, string>>, drop: (name: string) => boolean): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const named = entries
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','));
  const local = new Set(named.map((name) => name.trim()));
  return Object.fromEntries(
    entries.filter(([name]) => !hopByHop.has(name) && !local.has(name) && !drop(name) && name !== '__proto__'),
  );
}

/**
 * A redirect is never followed. A location below `base` is passed on as a path; a redirect that leads elsewhere throws
 * `TunnelError` (`refused`).
 */
export function checkLocation(answer: ResponseHeader, path: string, base: string): ResponseHeader {
  const { location, ...headers } = answer.headers;
  if (location === undefined) return answer;
  const inside = below(base, path, location);
  if (inside !== undefined) return { ...answer, headers: { ...headers, location: inside } };
  if (answer.status >= 300 && answer.status < 400) throw refused('EMQX answered with a redirect to another address');
  return { ...answer, headers };
}

function below(base: string, path: string, location: string): string | undefined {
  const root = new URL(base);
  const prefix = root.pathname.replace(/\/$/, '');
  try {
    const target = new URL(location, base + path);
    if (target.origin !== root.origin || !`${target.pathname}/`.startsWith(`${prefix}/`)) return undefined;
    return (target.pathname.slice(prefix.length) || '/') + target.search + target.hash;
  } catch {
    return undefined;
  }
}

function refused(reason: string): TunnelError {
  return new TunnelError('refused', `Refused by the agent: ${reason}`);
}
