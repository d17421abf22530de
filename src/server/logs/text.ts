/** A text that a record must contain, in any case. */
export interface TextSearch {
  matches(message: string): boolean;
  /** A query for the trigram index that every match fulfils, others too; undefined where it cannot help. */
  readonly index: string | undefined;
  /** The text is more than ASCII, and so is every record that contains it. */
  readonly wide: boolean;
}

/** More do not narrow it down any further and cost time. */
const mostTrigrams = 6;

/** Undefined for the empty text, which all records contain. */
export function textSearch(text: string): TextSearch | undefined {
  if (text === '') return undefined;
  const folded = text.toLowerCase();
  return {
    matches: (message) => message.toLowerCase().includes(folded),
    index: indexQuery(folded),
    wide: isWide(text),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII too
const ascii = /^[\x00-\x7f]*$/;

export function isWide(text: string): boolean {
  return !ascii.test(text);
}

/**
 * The index folds case as Unicode does for single characters, which is not always what `toLowerCase` does. So only
 * trigrams of ASCII and of characters without case (all of Chinese) are asked for; the rest is left to `matches`.
 */
function indexQuery(folded: string): string | undefined {
  const characters = [...folded];
  const trigrams = new Set<string>();
  for (let at = 0; at + 3 <= characters.length; at++) {
    const three = characters.slice(at, at + 3);
    if (three.every(isPlain)) trigrams.add(`"${three.join('').replaceAll('"', '""')}"`);
  }
  if (trigrams.size === 0) return undefined;
  const all = [...trigrams];
  const step = Math.max(1, all.length / mostTrigrams);
  const chosen = Array.from({ length: Math.min(all.length, mostTrigrams) }, (_, at) => all[Math.floor(at * step)]);
  return chosen.join(' AND ');
}

/** Folded alike by everybody: ASCII, and what has no case. */
export function isPlain(character: string): boolean {
  if (!isWide(character)) return true;
  // Marks are left out too: what stands before them may be composed with them in the message.
  return character.toUpperCase() === character.toLowerCase() && !/\p{M}/u.test(character);
}
