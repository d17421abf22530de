import { Failure } from '../../core/errors.ts';
import { generationOfText } from '../domain/offers.ts';
import type { World } from '../domain/world.ts';
import type { ConnectionLimits } from '../providers/managed.ts';
import type { Channel } from './channel.ts';
import type { TunnelAnswer } from './tunnel.ts';

const deadlineMs = 15_000;
const answerLimit = 64 * 1024;

/** One generation's call: what is sent, and why its answer is no success. */
interface LimitCall {
  readonly path: string;
  readonly body: (connections: number) => object;
  readonly trouble: (status: number, body: unknown, connections: number) => string | undefined;
}

/** A license of another kind than business-critical answers 200 and drops the field: the answer counts, not its status (emqx.md A10). */
const v5: LimitCall = {
  path: '/api/v5/license/setting',
  body: (connections) => ({ dynamic_max_connections: connections }),
  trouble(status, body, connections) {
    if (status !== 200) return `EMQX answered ${status} ${wordsOf(body)}`.trim();
    const { dynamic_max_connections: now } = (body ?? {}) as { dynamic_max_connections?: unknown };
    if (now === connections) return undefined;
    return now === undefined
      ? "EMQX's license does not take limits from ECP: a business-critical one is needed"
      : `EMQX kept a limit of ${JSON.stringify(now)}`;
  },
};

/** 4.4's call is not published: the path can be configured, and every failure reads as one of the path (emqx.md B3). */
const v4 = (path: string): LimitCall => ({
  path,
  body: (connections) => ({ max_connections: connections }),
  trouble(status, body) {
    if (status === 200 && (body as { code?: unknown } | undefined)?.code === 0) return undefined;
    const answer = `${status} ${wordsOf(body)}`.trim();
    return `EMQX 4.4 does not support setting the limit at ${path} (${answer}): set it in its dashboard, or name another path with --emqx4-limit-path`;
  },
});

/**
 * Connection limits of managed clusters, by EMQX's own calls. Connections are given back by the limit 0; clients that
 * are connected stay, and EMQX's own limit comes back in its dashboard. `v4Path` is where EMQX 4.4 is asked.
 */
export function makeLimits({ db }: Pick<World, 'db'>, channel: Channel, v4Path: string): ConnectionLimits {
  return {
    async set(clusterId, connections, signal) {
      const { version } = await db
        .selectFrom('clusters')
        .select('version')
        .where('id', '=', clusterId)
        .executeTakeFirstOrThrow();
      const call = generationOfText(version) === 4 ? v4(v4Path) : v5;
      const answer = await channel(
        clusterId,
        {
          method: 'PUT',
          path: call.path,
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: Buffer.from(JSON.stringify(call.body(connections))),
          deadlineMs,
        },
        signal,
      );
      const trouble = call.trouble(answer.status, await readJson(answer), connections);
      if (trouble !== undefined) throw new Error(trouble);
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
