import { Failure } from '../../core/errors.ts';
import { generationOfText } from '../domain/offers.ts';
import type { World } from '../domain/world.ts';
import type { ConnectionLimits } from '../providers/managed.ts';
import type { Channel } from './channel.ts';
import type { TunnelAnswer } from './tunnel.ts';

const path = '/api/v5/license/setting';
const deadlineMs = 15_000;
const answerLimit = 64 * 1024;

/**
 * Connection limits of managed clusters, by EMQX's own call (emqx.md A10). A license of another kind than
 * business-critical answers 200 and drops the field: success is what the answer says, not its status. Connections are
 * given back by the limit 0; clients that are connected stay, and EMQX's own limit comes back in its dashboard.
 */
export function makeLimits({ db }: Pick<World, 'db'>, channel: Channel): ConnectionLimits {
  return {
    async set(clusterId, connections, signal) {
      const { version } = await db
        .selectFrom('clusters')
        .select('version')
        .where('id', '=', clusterId)
        .executeTakeFirstOrThrow();
      if (generationOfText(version) === 4) {
        throw new Error('EMQX 4.4 does not publish how its limit is set: set it in its dashboard');
      }
      const answer = await channel(
        clusterId,
        {
          method: 'PUT',
          path,
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: Buffer.from(JSON.stringify({ dynamic_max_connections: connections })),
          deadlineMs,
        },
        signal,
      );
      const body = await readJson(answer);
      if (answer.status !== 200) throw new Error(`EMQX answered ${answer.status} ${wordsOf(body)}`.trim());
      const { dynamic_max_connections: now } = (body ?? {}) as { dynamic_max_connections?: unknown };
      if (now === connections) return;
      throw new Error(
        now === undefined
          ? "EMQX's license does not take limits from ECP: a business-critical one is needed"
          : `EMQX kept a limit of ${JSON.stringify(now)}`,
      );
    },
  };
}

async function readJson({ body }: TunnelAnswer): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > answerLimit) throw new Failure('failed', { reason: 'EMQX answered with more than a license setting' });
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    return undefined;
  }
}

function wordsOf(body: unknown): string {
  const { code, message } = (body ?? {}) as { code?: unknown; message?: unknown };
  return [code, message].filter((word) => typeof word === 'string').join(': ');
}
