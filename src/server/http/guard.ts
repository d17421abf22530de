import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../contract/endpoint.ts';
import { Failure } from '../../core/errors.ts';
import type { Need, Place } from '../domain/access.ts';
import { actorOf, mayEdit, mayView, requireSystem } from '../domain/access.ts';
import { hashToken } from '../domain/keys.ts';
import { userOfAccessToken } from '../domain/sessions.ts';
import type { World } from '../domain/world.ts';
import type { Found } from './call.ts';

/** Finds out who calls, before a byte of the body is read. */
export async function authenticate(
  { db, clock }: World,
  caller: Caller,
  headers: IncomingHttpHeaders,
  address: string,
): Promise<Found> {
  if (caller === 'anyone') return { address };
  const [, token] = /^Bearer +([\w.~+/=-]{1,512})$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) throw new Failure('not_logged_in');
  if (caller === 'agent') {
    const agent = await db
      .selectFrom('agents')
      .selectAll()
      .where('token_hash', '=', hashToken(token))
      .executeTakeFirst();
    if (!agent) throw new Failure('session_expired');
    return { address, agent };
  }
  const { user, sessionId } = await userOfAccessToken(db, token, clock.now());
  return { address, actor: await actorOf(db, user, sessionId, address) };
}

/**
 * Finds what the path names and whether the caller may do this there. What they may not even see is not found: nobody
 * learns from an error what another tenant has.
 */
export async function authorize(
  { db }: World,
  need: Need,
  params: Readonly<Record<string, unknown>>,
  found: Found,
): Promise<void> {
  if (need === 'anyone' || need === 'agent' || need === 'self') return;
  const { actor } = found;
  if (!actor) throw new Failure('not_logged_in');
  if (need === 'system') {
    requireSystem(actor);
    if (params.orgId === undefined) return;
  }
  const place = placeOf(params);
  const org = await db.selectFrom('orgs').selectAll().where('id', '=', place.orgId).executeTakeFirst();
  if (!org || !mayView(actor, { orgId: place.orgId }))
    throw new Failure('not_found', { kind: 'organization', name: place.orgId });
  found.org = org;
  if (place.projectId !== undefined) {
    found.project = await db
      .selectFrom('projects')
      .selectAll()
      .where('id', '=', place.projectId)
      .where('org_id', '=', place.orgId)
      .executeTakeFirst();
    if (!found.project || !mayView(actor, place)) {
      throw new Failure('not_found', { kind: 'project', name: place.projectId });
    }
  }
  if (need.endsWith('.edit') && !mayEdit(actor, need === 'org.edit' ? { orgId: place.orgId } : place)) {
    throw new Failure('forbidden', { reason: 'you may look here, but not change anything' });
  }
  if (typeof params.clusterId === 'string') {
    found.cluster = await db
      .selectFrom('clusters')
      .selectAll()
      .where('id', '=', params.clusterId)
      .where('project_id', '=', place.projectId ?? '')
      .executeTakeFirst();
    if (!found.cluster) throw new Failure('not_found', { kind: 'cluster', name: params.clusterId });
  }
}

function placeOf(params: Readonly<Record<string, unknown>>): Place {
  const { orgId, projectId } = params;
  if (typeof orgId !== 'string') throw new Error('this route has no organization');
  return typeof projectId === 'string' ? { orgId, projectId } : { orgId };
}
