import { isPlain } from '../text.ts';

/**
 * A pattern for a wildcard query that matches every message with the text in it, in any case; `exact` where it matches no
 * other. The engines fold the case of ASCII alone, and OpenSearch 2.19 does not find what was escaped in a pattern: such
 * characters are left open, and the messages that come are looked into.
 */
export function wildcardOf(text: string): { readonly pattern: string; readonly exact: boolean } {
  let exact = true;
  const open = Array.from(text, (character) => {
    if (isPlain(character) && !'*?\\'.includes(character)) return character;
    exact = false;
    return '*';
  });
  return { pattern: `*${open.join('')}*`.replace(/\*+/g, '*'), exact };
}
