const mask = '******';

/** Names of fields, headers, parameters and settings whose values nobody may read in a log. */
const secretName =
  /^(authorization|proxy-authorization|cookie|set-cookie|.*(password|passwd|secret|token|credential|api[_-]?key|private[_-]?key|keyfile|license).*)$/i;

/** Names that only look secret: shown as they are. */
const plainName = /^(tokenType|tokenExpire.*|registrationTokenAge|max_tokens|licenseType|license_?id|.*[-_]file)$/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name) && !plainName.test(name);
}

/** A copy of a JSON-like value in which every secret is masked, by the name of its field. Empty values stay visible. */
export function redactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactValue);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) && inner !== '' && inner !== null && typeof inner !== 'object' ? mask : redactValue(inner),
    ]),
  );
}

/** Masks secrets inside free text: credentials in URLs, bearer and basic tokens, `name=value` and `"name":"value"`. */
export function redactText(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${mask}@`)
    .replace(/(--([a-z][\w-]*)\s+)(?!-)(\S+)/gi, (all, flag: string, name: string) =>
      isSecretName(name) ? `${flag}${mask}` : all,
    )
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${mask}`)
    .replace(
      /("?)([\w-]+)\1(\s*[=:]\s*)("(?:[^"\\]|\\.)*"|[^\s,;&"'}\])]+)/g,
      (all, quote: string, name: string, sep: string, value: string) =>
        isSecretName(name) && !/^(Bearer|Basic)$/i.test(value)
          ? `${quote}${name}${quote}${sep}${value.startsWith('"') ? `"${mask}"` : mask}`
          : all,
    );
}

/** Masks known secrets wherever they stand, for a program that knows what it was given. Short ones are left alone. */
export function redactKnown(text: string, secrets: Iterable<string>): string {
  let out = text;
  for (const secret of secrets) if (secret.length >= 4) out = out.replaceAll(secret, mask);
  return out;
}
