/** The line, from 1, where `text` stops being JSON. Expects text that JSON.parse refuses. */
export function jsonErrorLine(text: string): number {
  const at = /position (\d+)/.exec(complaint(text))?.[1];
  return text.slice(0, at === undefined ? firstBad(text) : Number(at)).split('\n').length;
}

/**
 * Node 20 names no position for a wrong token. Every text that ends before the token is merely unfinished, and every
 * longer one has it: so it can be looked for by halves.
 */
function firstBad(text: string): number {
  if (!isWrongToken(text)) return text.length;
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isWrongToken(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return good;
}

function isWrongToken(text: string): boolean {
  return /^(Unexpected token|Unexpected non-whitespace)/.test(complaint(text));
}

function complaint(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
