import type { FastifyRequest } from 'fastify';
import { Failure } from '../../core/errors.ts';
import type { Actor } from '../domain/access.ts';
import { actorOf } from '../domain/access.ts';
import { Throttle } from '../domain/throttle.ts';
import { checkCredentials } from '../domain/users.ts';
import type { World } from '../domain/world.ts';
import { authenticate } from './guard.ts';

const guard = { byName: new Throttle(), byAddress: new Throttle() };

/**
 * Who scrapes: a user by token, or by name and password in HTTP Basic, because Prometheus cannot log in. They see what
 * they see elsewhere.
 */
export async function scrapedBy(world: World, request: FastifyRequest): Promise<Actor> {
  const [, encoded] = /^Basic +([\w+/=-]{1,1024})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) {
    const { actor } = await authenticate(world, 'user', request.headers, request.ip);
    if (!actor) throw new Failure('not_logged_in');
    return actor;
  }
  const [, username = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const user = await checkCredentials(world, guard, { username, password }, request.ip);
  return actorOf(world.db, user, '', request.ip);
}
