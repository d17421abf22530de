import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure, reasonOf } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { World } from '../domain/world.ts';
import { answerFor } from '../http/failures.ts';
import { agentBehind } from '../tunnel/credentials.ts';
import { bulkAnswer, MalformedBulk, readBulk } from './bulk.ts';
import type { Arrival, LogStore } from './store.ts';

const gunzip = promisify(gunzipCallback);
const bodyLimit = 32 * 1024 * 1024;
/** A small body that swells to a huge one is refused before it has. */
const openedLimit = 64 * 1024 * 1024;

/**
 * The part of Elasticsearch's API that a log shipper speaks. An agent's own credentials are all that is taken, and what
 * comes with them is its cluster's, whatever the documents say.
 */
export async function logIntake(app: FastifyInstance, world: World, logs: LogStore): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_, body, done) => done(null, body));
    scope.addHook('onRequest', async (_, reply) => {
      reply.header('x-elastic-product', 'Elasticsearch');
    });
    scope.setErrorHandler((error, request, reply) => fail(world, error, request, reply));

    scope.route({
      method: ['GET', 'HEAD'],
      url: '/',
      handler: async (request) => {
        await clusterOf(world, request);
        return {
          name: 'ecp',
          cluster_name: 'ecp',
          cluster_uuid: newId(),
          version: { number: '8.11.0', build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
          tagline: 'You Know, for Search',
        };
      },
    });
    scope.put('/_index_template/:name', async (request) => {
      await clusterOf(world, request);
      return { acknowledged: true };
    });
    scope.route({ method: ['POST', 'PUT'], url: '/_bulk', handler: bulk });
    scope.route({ method: ['POST', 'PUT'], url: '/:index/_bulk', handler: bulk });
  });

  async function bulk(request: FastifyRequest): Promise<object> {
    const started = world.clock.monotonic();
    const clusterId = await clusterOf(world, request);
    const { index = 'emqx-logs' } = request.params as { index?: string };
    const items = readBulk(await openBody(request), index);
    const arrivals = items.flatMap(({ arrival }): Arrival[] => (arrival ? [{ ...arrival, clusterId }] : []));
    const fates = await logs.append(arrivals);
    return bulkAnswer(items, fates, Math.round(world.clock.monotonic() - started));
  }
}

async function openBody(request: FastifyRequest): Promise<string> {
  const body = request.body as Buffer | undefined;
  if (!body || body.length === 0) throw new MalformedBulk('request body is required');
  const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return body.toString('utf8');
  if (encoding !== 'gzip') throw new MalformedBulk(`content-encoding ${encoding} is not taken`);
  try {
    return (await gunzip(body, { maxOutputLength: openedLimit })).toString('utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new Failure('refused', { reason: 'the body is too large' }, { status: 413 });
    throw new MalformedBulk(`the body is not gzip: ${reasonOf(error)}`);
  }
}

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
  const malformed = error instanceof MalformedBulk ? { status: 400, body: { message: error.message } } : undefined;
  const { status, body } = malformed ?? answerFor(error, request.id);
  if (status >= 500) {
    world.log('error', `request ${request.id}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (status === 401) reply.header('www-authenticate', 'Basic realm="ecp"');
  const type = types[status] ?? 'exception';
  const reason = body.message;
  reply.code(status).send({ error: { type, reason, root_cause: [{ type, reason }] }, status });
}

const types: Readonly<Record<number, string>> = { 400: 'illegal_argument_exception', 401: 'security_exception' };
