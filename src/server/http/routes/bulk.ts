import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../../../core/errors.ts';
import { Throttled } from '../../domain/throttle.ts';
import type { World } from '../../domain/world.ts';
import { failureBody } from '../../logs/bulk.ts';
import type { Quota } from '../../logs/quota.ts';
import type { OwnLog } from '../../logs/store.ts';
import { agentBehind } from '../../tunnel/credentials.ts';
import { answerFor } from '../failures.ts';

const bodyLimit = 32 * 1024 * 1024;
/** Bytes of bodies that may wait for the thread that writes; more are sent back to come again. */
const waitingLimit = 128 * 1024 * 1024;

/**
 * The part of Elasticsearch's API that a log shipper speaks. An agent's own credentials are all that is taken, and what
 * comes with them is its cluster's, whatever the documents say.
 */
export async function bulkRoutes(app: FastifyInstance, world: World, log: OwnLog, quota: Quota): Promise<void> {
  let waiting = 0;

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_, body, done) => done(null, body));
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('x-elastic-product', 'Elasticsearch');
      // Before the body is read: nobody without credentials can make us collect 32 MiB.
      clusters.set(request, await clusterOf(world, request));
    });
    scope.setErrorHandler((error, request, reply) => fail(world, error, request, reply));

    scope.route({
      method: ['GET', 'HEAD'],
      url: '/',
      handler: () => ({
        name: 'ecp',
        cluster_name: 'ecp',
        cluster_uuid: 'ecp',
        version: { number: '8.11.0', build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
        tagline: 'You Know, for Search',
      }),
    });
    // The layout of this log is its own; what a shipper wants it to be is heard and not needed.
    scope.put('/_index_template/:name', () => ({ acknowledged: true }));
    scope.route({ method: ['POST', 'PUT'], url: '/_bulk', handler: bulk });
    scope.route({ method: ['POST', 'PUT'], url: '/:index/_bulk', handler: bulk });
  });

  async function bulk(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const clusterId = clusters.get(request) ?? '';
    const { index = 'emqx-logs' } = request.params as { index?: string };
    const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
    if (encoding !== 'gzip' && encoding !== 'identity') {
      throw new Failure('refused', { reason: `content-encoding ${encoding} is not taken` }, { status: 415 });
    }
    const body = (request.body ?? Buffer.alloc(0)) as Buffer;
    quota.check(clusterId);
    if (waiting + body.length > waitingLimit) throw new Throttled(1);
    const size = body.length;
    waiting += size;
    try {
      const answer = await log.bulk({ clusterId, index, body, gzip: encoding === 'gzip' });
      quota.take(clusterId, answer.bytes);
      return reply.code(answer.status).type('application/json').send(Buffer.from(answer.body.buffer));
    } finally {
      waiting -= size;
    }
  }
}

const clusters = new WeakMap<FastifyRequest, string>();

/** The cluster that an agent's user name and password stand for. */
async function clusterOf(world: World, request: FastifyRequest): Promise<string> {
  const [, encoded = ''] = /^Basic +([\w+/=-]{1,512})$/i.exec(request.headers.authorization ?? '') ?? [];
  const [, userName = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const agent = await agentBehind(world, 'logs', userName, password);
  if (!agent) throw new Failure('bad_credentials');
  return agent.cluster_id;
}

/** Failures in the form that Elasticsearch's clients read. */
function fail(world: World, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, body } = answerFor(error, request.id);
  if (status >= 500) {
    world.log('error', `request ${request.id}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (status === 401) reply.header('www-authenticate', 'Basic realm="ecp"');
  if (error instanceof Throttled) reply.header('retry-after', String(error.retryAfterS));
  reply.code(status).send(failureBody(status, types[status] ?? 'exception', body.message));
}

const types: Readonly<Record<number, string>> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  429: 'es_rejected_execution_exception',
};
