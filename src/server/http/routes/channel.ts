import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { tunnelLimits, tunnelMethods } from '../../../contract/frames.ts';
import { Failure } from '../../../core/errors.ts';
import type { Actor } from '../../domain/access.ts';
import { mayEdit, mayView } from '../../domain/access.ts';
import { audit } from '../../domain/audit.ts';
import { isHosted } from '../../domain/offers.ts';
import type { World } from '../../domain/world.ts';
import type { ClusterRow } from '../../store/schema.ts';
import type { Channel } from '../../tunnel/channel.ts';
import { authenticate } from '../guard.ts';

const prefix = '/api/emqxee/dashboard/';
/** Milliseconds for the whole of a call, both bodies included. */
const deadlineMs = 120_000;
const readOnly: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * EMQX's own API under the cluster's id: any method, bodies streaming both ways, status and body EMQX's own. Who may only
 * look may only read.
 */
export async function channelRoutes(app: FastifyInstance, world: World, channel: Channel): Promise<void> {
  const actors = new WeakMap<FastifyRequest, Actor>();
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (request) => {
      const { actor } = await authenticate(world, 'user', request.headers, request.ip);
      if (actor) actors.set(request, actor);
    });
    for (const url of [`${prefix}:clusterId`, `${prefix}:clusterId/*`]) {
      scope.route({ method: [...tunnelMethods], url, handler: carry });
    }
  });

  async function carry(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const method = request.method as (typeof tunnelMethods)[number];
    const path = pathOf(request);
    await allow(request, method, path);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const body = request.body as AsyncIterable<Uint8Array> | undefined;
    const { clusterId } = request.params as { clusterId: string };
    const answer = await channel(
      clusterId,
      { method, path, headers: headersOf(request), body, deadlineMs },
      gone.signal,
    );
    reply.code(answer.status).headers({ ...answer.headers });
    if (method === 'HEAD' || answer.status === 204 || answer.status === 304) {
      for await (const _ of answer.body);
      return reply.send();
    }
    return reply.send(Readable.from(answer.body, { objectMode: false }));
  }

  async function allow(request: FastifyRequest, method: string, path: string): Promise<void> {
    const { clusterId } = request.params as { clusterId: string };
    const actor = actors.get(request);
    const cluster = await world.db.selectFrom('clusters').selectAll().where('id', '=', clusterId).executeTakeFirst();
    const place = { orgId: cluster?.org_id ?? '', projectId: cluster?.project_id ?? '' };
    if (!actor || !cluster || !mayView(actor, place)) {
      throw new Failure('not_found', { kind: 'cluster', name: clusterId });
    }
    if (isHosted(cluster)) throw new Failure('unsupported', { what: 'the channel', subject: 'a simulated cluster' });
    if (readOnly.includes(method)) return;
    if (!mayEdit(actor, place))
      throw new Failure('forbidden', { reason: 'you may look here, but not change anything' });
    await record(actor, cluster, { method, path: path.split('?', 1)[0] });
  }

  /** What was asked is in the audit log before it is sent: afterwards might be never. */
  function record(actor: Actor, cluster: ClusterRow, after: object): Promise<void> {
    const at = { orgId: cluster.org_id, projectId: cluster.project_id, cluster };
    return audit(world.db, world.clock.now(), {
      resource: 'cluster',
      operation: 'call',
      operator: actor,
      ...at,
      after,
    });
  }
}

/** What follows the cluster's id, letter for letter as it came. */
function pathOf(request: FastifyRequest): string {
  const rest = (request.raw.url ?? '').slice(prefix.length);
  const end = rest.search(/[/?]/);
  const path = end < 0 ? '/' : rest[end] === '?' ? `/${rest.slice(end)}` : rest.slice(end);
  if (path.length > tunnelLimits.path) {
    throw new Failure('refused', { reason: `the path is over ${tunnelLimits.path} characters` }, { status: 414 });
  }
  return path;
}

/** Several fields of one name are one with commas; what is the agent's to decide, it leaves out itself. */
function headersOf(request: FastifyRequest): Record<string, string> {
  const { authorization: _, ...headers } = request.headers;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
