import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

/** Columns a text takes on a terminal: Chinese letters take two, colours none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const letter of stripVTControlCharacters(text)) {
    // Accents, joiners and control characters stand on the letter before them. The package `string-width` also knows
    // sequences of emoji, which terminals disagree about, and pays for them with a segmenter at every start.
    if (!/^[\p{Mark}\p{Format}\p{Control}]$/u.test(letter)) width += eastAsianWidth(letter.codePointAt(0) ?? 0);
  }
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Cuts to `width` columns, the last one an ellipsis where something was cut. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const letter of text) {
    const size = displayWidth(letter);
    if (used + size > width - 1) break;
    out += letter;
    used += size;
  }
  return `${out}…`;
}

/** Breaks at spaces, and between Chinese letters, so that no line is wider than `width` where that can be had. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    // A piece is a word with its blanks, or one Chinese letter with the punctuation that must not start a line.
    for (const piece of paragraph.match(/[⺀-鿿＀-￯][，。；：、！？）」”]*|[^\s⺀-鿿＀-￯]+|\s+/g) ?? []) {
      if (line !== '' && displayWidth(line + piece.trimEnd()) > width) {
        lines.push(line.trimEnd());
        line = piece.trimStart();
      } else line += piece;
    }
    lines.push(line.trimEnd());
  }
  return lines;
}

/** Replaces what could drive a terminal or turn its letters round, in text that came from elsewhere. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '�');
}
