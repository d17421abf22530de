import { reasonOf } from '../../src/core/errors.ts';
import type { Logger } from '../part.ts';

const star = 42;
/** What is never masked: line breaks, and what holds a JSON line together. */
const kept = new Set(Buffer.from('\n\r"{}[]:,'));

/**
 * Masks what an operator's expressions match, in place and byte for byte, so that offsets and lengths stay. With groups
 * in an expression only these are masked: `password=(\S+)`.
 */
export class Masks {
  private readonly expressions: readonly RegExp[];

  private constructor(expressions: readonly RegExp[]) {
    this.expressions = expressions;
  }

  /** Undefined when there is nothing to mask. An expression that is none is left out and said so. */
  static from(sources: readonly string[], logger: Logger): Masks | undefined {
    const expressions: RegExp[] = [];
    for (const source of sources) {
      try {
        // Bytes are matched as Latin-1, so the expression's own letters are taken as their UTF-8 bytes.
        expressions.push(new RegExp(Buffer.from(source).toString('latin1'), 'dgm'));
      } catch (error) {
        logger.error('a redaction of agent.yaml is no regular expression', { source, reason: reasonOf(error) });
      }
    }
    return expressions.length > 0 ? new Masks(expressions) : undefined;
  }

  apply(bytes: Buffer, from: number, to: number): void {
    for (const expression of this.expressions) {
      const text = bytes.toString('latin1', from, to);
      for (const match of text.matchAll(expression)) {
        const places = match.indices ?? [];
        for (const place of places.length > 1 ? places.slice(1) : places) {
          if (place) mask(bytes, from + place[0], from + place[1]);
        }
      }
    }
  }
}

function mask(bytes: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const c = bytes[at] as number;
    if (c === 92 && at + 1 < to) {
      // An escape is masked as a whole: half of one would break the JSON string it stands in.
      bytes[at++] = star;
      if (bytes[at] !== 10) bytes[at] = star;
    } else if (!kept.has(c)) {
      bytes[at] = star;
    }
  }
}
