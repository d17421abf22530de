import { Readable } from 'node:stream';
import { Check } from '@sinclair/typebox/value';
import type { FastifyInstance } from 'fastify';
import type { AnswerOf, Endpoint } from '../../contract/endpoint.ts';
import { Failure } from '../../core/errors.ts';
import type { Need } from '../domain/access.ts';
import type { World } from '../domain/world.ts';
import type { Call, Found } from './call.ts';
import { makeCall } from './call.ts';
import { authenticate, authorize } from './guard.ts';
import type { Reader } from './validate.ts';
import { jsonReader, textReader } from './validate.ts';

/** What a handler answers: the JSON of the schema, where there is one; else bytes or a stream of them, or anything, which is a 204. */
type Answer<E extends Endpoint> = AnswerOf<E> extends undefined ? unknown : AnswerOf<E>;

/** Serves an endpoint: validation and authorization follow from the endpoint and what it needs. */
export type On = <E extends Endpoint>(
  endpoint: E,
  need: Need,
  handler: (call: Call<E>) => Promise<Answer<E>> | Answer<E>,
) => void;

export interface Route {
  readonly endpoint: Endpoint;
  readonly need: Need;
}

export interface RouterOptions {
  /** Refuse to send an answer that its own schema does not accept; for tests. */
  readonly checkAnswers: boolean;
}

const formLimit = 8 * 1024 * 1024;

/** The one way in: every operation of the API is registered here, and `routes` lists them all. */
export function makeRouter(app: FastifyInstance, world: World, options: RouterOptions): { on: On; routes: Route[] } {
  const routes: Route[] = [];
  const on: On = (endpoint, need, handler) => {
    routes.push({ endpoint, need });
    const read = readersOf(endpoint);
    const founds = new WeakMap<object, Found>();
    app.route({
      method: endpoint.method,
      url: endpoint.path.replace(/\{(\w+)\}/g, ':$1'),
      ...(endpoint.bodyKind !== undefined && endpoint.bodyKind !== 'json' && { bodyLimit: formLimit }),
      onRequest: async (request) => {
        founds.set(request, await authenticate(world, endpoint.caller, request.headers, request.ip));
      },
      handler: async (request, reply) => {
        const found = founds.get(request) ?? { address: request.ip };
        const params = read.params(request.params) as Record<string, unknown>;
        await authorize(world, need, params, found);
        checkBodyKind(endpoint, request.headers['content-type']);
        const input = { params, query: read.query(request.query), body: read.body(request.body) };
        const answer: unknown = await handler(makeCall(input, found, world.clock.now()));
        if (answer instanceof Uint8Array || answer instanceof Readable) {
          return reply.type('application/octet-stream').send(answer);
        }
        if (!endpoint.answer) return reply.code(204).send();
        if (options.checkAnswers && !Check(endpoint.answer, answer)) {
          throw new Error(`the answer of ${endpoint.method} ${endpoint.path} does not fit its schema`);
        }
        return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
      },
    });
  };
  return { on, routes };
}

function readersOf(endpoint: Endpoint): { params: Reader; query: Reader; body: Reader } {
  const nothing: Reader = () => undefined;
  const { params, query, body, bodyKind } = endpoint;
  return {
    params: params ? textReader(params) : () => ({}),
    query: query ? textReader(query) : nothing,
    body: body ? (bodyKind === 'json' ? jsonReader(body) : textReader(body)) : nothing,
  };
}

function checkBodyKind(endpoint: Endpoint, contentType: string | undefined): void {
  if (!endpoint.body || contentType === undefined) return;
  const isJson = /^application\/json\b/i.test(contentType);
  if (isJson === (endpoint.bodyKind === 'json')) return;
  const wanted = endpoint.bodyKind === 'json' ? 'JSON' : 'a form';
  throw new Failure('usage', { reason: `this call takes ${wanted}` }, { status: 415 });
}
