import { Failure, reasonOf } from '../../src/core/errors.ts';
import { readBulkAnswer } from './bulk.ts';
import type { DeadLetter, DeadLetterFile } from './deadletter.ts';
import { Engine } from './engine.ts';
import type { LogTarget } from './types.ts';

/** Records of one request; a dead letter may be as large as a record can be. */
const perRequest = 100;

export interface Replayed {
  readonly delivered: readonly string[];
  /** Refused once more, with the reason of this time. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Sends dead letters again, under the ids they have, to where logs go now; what is delivered leaves the file. Throws
 * `unreachable` where the engine does not take requests; what was delivered before that has left the file.
 */
export async function replay(
  file: DeadLetterFile,
  letters: readonly DeadLetter[],
  target: LogTarget,
  signal: AbortSignal,
): Promise<Replayed> {
  const engine = new Engine(target, true);
  const delivered: string[] = [];
  const refused: { id: string; reason: string }[] = [];
  try {
    for (let at = 0; at < letters.length; at += perRequest) {
      const part = letters.slice(at, at + perRequest);
      const settled = await send(engine, part, signal);
      const left = new Map(settled.refused.map(({ index, reason }) => [index, reason]));
      for (const index of settled.again) left.set(index, settled.trouble ?? '');
      part.forEach(({ id }, index) => {
        const reason = left.get(index);
        if (reason === undefined) delivered.push(id);
        else refused.push({ id, reason });
      });
    }
  } finally {
    await engine.destroy();
    if (delivered.length > 0) await file.purge(new Set(delivered));
  }
  return { delivered, refused };
}

async function send(engine: Engine, letters: readonly DeadLetter[], signal: AbortSignal) {
  const lines = letters.map(({ id, document }) => {
    const source = typeof document === 'string' ? document : JSON.stringify(document);
    return `{"create":{"_id":${JSON.stringify(id)}}}\n${source}\n`;
  });
  const unreachable = (reason: string) => new Failure('unreachable', { url: engine.url, reason });
  const answer = await engine.bulk(Buffer.from(lines.join('')), signal).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : unreachable(reasonOf(error));
  });
  const settled = answer.status < 300 ? readBulkAnswer(answer.body, letters.length) : undefined;
  if (!settled) throw unreachable(`HTTP ${answer.status}`);
  return settled;
}
