import type { Kysely } from 'kysely';
import type { Role } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import type { MemberRow, Tables, UserRow } from '../store/schema.ts';
import type { Operator } from './audit.ts';

/** Somebody who is logged in, with what they may do where. */
export interface Actor extends Operator {
  readonly admin: boolean;
  readonly sessionId: string;
  readonly grants: readonly Pick<MemberRow, 'org_id' | 'project_id' | 'role'>[];
}

/** An organization, or with `projectId` a project in it. */
export interface Place {
  readonly orgId: string;
  readonly projectId?: string;
}

/**
 * What a call needs, from the table of roles (ecp.md section 5): system administrators everything, organization
 * administrators their organization, project administrators their project, regular users to look at theirs.
 */
export type Need = 'anyone' | 'agent' | 'self' | 'system' | 'org.view' | 'org.edit' | 'project.view' | 'project.edit';

/** The highest role at a place; undefined for a stranger, to whom the place does not exist. */
function roleAt(actor: Actor, place: Place): Role | undefined {
  if (actor.admin) return 'system-admin';
  const inOrg = actor.grants.filter((grant) => grant.org_id === place.orgId);
  if (inOrg.some((grant) => grant.project_id === '' && grant.role === 'org-admin')) return 'org-admin';
  if (place.projectId === undefined) return inOrg.length > 0 ? 'user' : undefined;
  const here = inOrg.filter((grant) => grant.project_id === place.projectId);
  if (here.some((grant) => grant.role === 'project-admin')) return 'project-admin';
  return here.length > 0 ? 'user' : undefined;
}

export function mayView(actor: Actor, place: Place): boolean {
  return roleAt(actor, place) !== undefined;
}

/** An organization by its administrators, a project also by its own. */
export function mayEdit(actor: Actor, place: Place): boolean {
  const role = roleAt(actor, place);
  return role === 'system-admin' || role === 'org-admin' || (place.projectId !== undefined && role === 'project-admin');
}

export function requireSystem(actor: Actor): void {
  if (!actor.admin) throw new Failure('forbidden', { reason: 'only a system administrator may do this' });
}

/** Places the actor sees: everything, or these organizations and projects. */
export function visibleOrgs(actor: Actor): 'all' | readonly string[] {
  return actor.admin ? 'all' : [...new Set(actor.grants.map((grant) => grant.org_id))];
}

export function visibleProjects(
  actor: Actor,
): 'all' | { readonly orgs: readonly string[]; readonly projects: readonly string[] } {
  if (actor.admin) return 'all';
  return {
    orgs: actor.grants
      .filter((grant) => grant.project_id === '' && grant.role === 'org-admin')
      .map((grant) => grant.org_id),
    projects: actor.grants.filter((grant) => grant.project_id !== '').map((grant) => grant.project_id),
  };
}

export async function actorOf(db: Kysely<Tables>, user: UserRow, sessionId: string, address: string): Promise<Actor> {
  const grants = await db
    .selectFrom('members')
    .select(['org_id', 'project_id', 'role'])
    .where('user_id', '=', user.id)
    .execute();
  return { id: user.id, name: user.name, address, admin: user.admin === 1, sessionId, grants };
}
