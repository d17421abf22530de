import type { FastifyInstance, FastifyReply } from 'fastify';
import fastify from 'fastify';
import { Failure, reasonOf } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import { Throttled } from '../domain/throttle.ts';
import type { World } from '../domain/world.ts';
import { answerFor } from './failures.ts';
import { addParsers } from './forms.ts';

/** An HTTP server without routes: limits, parsers, and one place that answers for every failure. */
export function makeApp(world: World): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    routerOptions: { maxParamLength: 512 },
    requestTimeout: 120_000,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    genReqId: () => newId(),
    frameworkErrors: (error, request, reply) => fail(world, error, request.id, reply),
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const tooLarge = (error as NodeJS.ErrnoException).code === 'HPE_HEADER_OVERFLOW';
      const status = tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
      const body = JSON.stringify({ code: tooLarge ? 10_431 : 10_400, message: 'this is not a request of HTTP' });
      const head = ['content-type: application/json', `content-length: ${body.length}`, 'connection: close'];
      socket.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
    },
  });
  addParsers(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onSend', async (_, reply) => {
    if (closing.has(app.server)) reply.header('connection', 'close');
  });
  app.setErrorHandler((error, request, reply) => fail(world, error, request.id, reply));
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split('?', 1);
    reply.code(404).send({ code: 10_404, message: `${request.method} ${path} is not offered by this server` });
  });

  return app;
}

/** Servers that end: a connection whose last answer is under way is not kept for another. */
const closing = new WeakSet<object>();

/** Takes no more calls and lets those that run come to their end, but not for ever: then their connections are cut. */
export async function closeApp(app: FastifyInstance): Promise<void> {
  closing.add(app.server);
  const impatience = setTimeout(() => app.server.closeAllConnections(), 5000);
  await app.close();
  clearTimeout(impatience);
}

function fail(world: World, error: unknown, requestId: string, reply: unknown): void {
  const { status, body } = answerFor(error, requestId);
  if (status >= 500) {
    // A failure that has a name is a sentence for the operator; the stack is for what is a fault of ours.
    const words = error instanceof Error && !(error instanceof Failure) ? error.stack : reasonOf(error);
    world.log('error', `request ${requestId}: ${words}`);
  }
  // Fastify gives its two handlers replies of two types; these methods are in both.
  const to = reply as Pick<FastifyReply, 'code' | 'header' | 'send'>;
  if (error instanceof Throttled) to.header('retry-after', String(error.retryAfterS));
  to.code(status).send(body);
}
