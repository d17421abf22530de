import { redactKnown, redactText } from '../../src/core/redact.ts';

/** Everything secret this process was ever told, so that no text of ours can carry it out. Grows by registrations only. */
export class Secrets {
  readonly #known = new Set<string>();

  /** `user` makes the Basic credential known as well, which holds the secret in another spelling. */
  add(secret: string | undefined, user?: string): void {
    if (!secret) return;
    const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64(secret)];
    if (user !== undefined) spellings.push(base64(`${user}:${secret}`));
    for (const spelling of spellings) this.#known.add(spelling);
  }

  /** The text without known secrets, and without what looks like one. */
  redact(text: string): string {
    // Longest first: a secret that begins with another one would leave its tail behind.
    return redactText(
      redactKnown(
        text,
        [...this.#known].sort((a, b) => b.length - a.length),
      ),
    );
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
