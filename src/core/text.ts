/** A sentence in the languages that people read here. Machine output never goes through it. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

export type Lang = keyof Text;

export type Values = Readonly<Record<string, string | number>>;

/** Picks the language and fills `{name}` places; a place without a value stays as it is, so that a mistake is seen. */
export function say(text: Text, lang: Lang, values: Values = {}): string {
  return text[lang].replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
