import type { Member, MemberInfo } from '../../contract/orgs.ts';
import { isOneOf, numberOf, role as roles, stateKey } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { MemberRow, OrgRow, ProjectRow, UserRow } from '../store/schema.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import type { Db } from './world.ts';

/** Limits of the product (ecp.md section 5). */
const mostOrgs = 100;
const mostProjectsInOrg = 100;
const mostProjects = 1000;

interface ScopeData {
  readonly name: string;
  readonly members: readonly Member[];
}

export async function createOrg(db: Db, now: number, operator: Operator, data: ScopeData): Promise<OrgRow> {
  const org: OrgRow = { id: newId(), name: data.name.trim(), created_at: now, updated_at: now };
  return db.transaction().execute(async (tx) => {
    await refuseMore(tx, 'orgs', mostOrgs, 'organizations');
    await refuseTakenName(tx, 'orgs', org.id, org.name);
    await tx.insertInto('orgs').values(org).execute();
    await setMembers(tx, now, org.id, '', data.members);
    await audit(tx, now, { resource: 'org', operation: 'create', operator, orgId: org.id, after: data });
    return org;
  });
}

export async function updateOrg(
  db: Db,
  now: number,
  operator: Operator,
  org: OrgRow,
  data: ScopeData,
): Promise<OrgRow> {
  return db.transaction().execute(async (tx) => {
    const after: OrgRow = { ...org, name: data.name.trim(), updated_at: now };
    await refuseTakenName(tx, 'orgs', org.id, after.name);
    const before = { name: org.name, members: await membersOf(tx, org.id, '') };
    await tx.updateTable('orgs').set(after).where('id', '=', org.id).execute();
    await setMembers(tx, now, org.id, '', data.members);
    await audit(tx, now, { resource: 'org', operation: 'update', operator, orgId: org.id, before, after: data });
    return after;
  });
}

export async function deleteOrg(db: Db, now: number, operator: Operator, org: OrgRow): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const project = await tx.selectFrom('projects').select('name').where('org_id', '=', org.id).executeTakeFirst();
    if (project) throw new Failure('conflict', { reason: `the organization still has the project ${project.name}` });
    await audit(tx, now, { resource: 'org', operation: 'delete', operator, orgId: org.id, before: { name: org.name } });
    await tx.deleteFrom('orgs').where('id', '=', org.id).execute();
  });
}

export async function createProject(
  db: Db,
  now: number,
  operator: Operator,
  org: OrgRow,
  data: ScopeData,
): Promise<ProjectRow> {
  const project: ProjectRow = {
    id: newId(),
    org_id: org.id,
    name: data.name.trim(),
    creator: operator.name,
    created_at: now,
    updated_at: now,
  };
  return db.transaction().execute(async (tx) => {
    await refuseMore(tx, 'projects', mostProjects, 'projects');
    await refuseMore(tx, 'projects', mostProjectsInOrg, 'projects in one organization', org.id);
    await refuseTakenName(tx, 'projects', project.id, project.name, org.id);
    await tx.insertInto('projects').values(project).execute();
    await setMembers(tx, now, org.id, project.id, data.members);
    const scope = { orgId: org.id, projectId: project.id };
    await audit(tx, now, { resource: 'project', operation: 'create', operator, ...scope, after: data });
    return project;
  });
}

export async function updateProject(
  db: Db,
  now: number,
  operator: Operator,
  project: ProjectRow,
  data: ScopeData,
): Promise<ProjectRow> {
  return db.transaction().execute(async (tx) => {
    const after: ProjectRow = { ...project, name: data.name.trim(), updated_at: now };
    await refuseTakenName(tx, 'projects', project.id, after.name, project.org_id);
    const before = { name: project.name, members: await membersOf(tx, project.org_id, project.id) };
    await tx.updateTable('projects').set(after).where('id', '=', project.id).execute();
    await setMembers(tx, now, project.org_id, project.id, data.members);
    const scope = { orgId: project.org_id, projectId: project.id };
    await audit(tx, now, { resource: 'project', operation: 'update', operator, ...scope, before, after: data });
    return after;
  });
}

export async function deleteProject(db: Db, now: number, operator: Operator, project: ProjectRow): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const cluster = await tx
      .selectFrom('clusters')
      .select('name')
      .where('project_id', '=', project.id)
      .executeTakeFirst();
    if (cluster) throw new Failure('conflict', { reason: `the project still has the cluster ${cluster.name}` });
    const scope = { orgId: project.org_id, projectId: project.id };
    await audit(tx, now, {
      resource: 'project',
      operation: 'delete',
      operator,
      ...scope,
      before: { name: project.name },
    });
    await tx.deleteFrom('members').where('project_id', '=', project.id).execute();
    await tx.deleteFrom('projects').where('id', '=', project.id).execute();
  });
}

/** Lets a user into organizations as a regular user; where they are a member already nothing changes. */
export async function addToOrgs(
  db: Db,
  now: number,
  operator: Operator,
  user: UserRow,
  orgIds: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(orgIds)];
  await db.transaction().execute(async (tx) => {
    for (const orgId of wanted) {
      const org = await tx.selectFrom('orgs').select('id').where('id', '=', orgId).executeTakeFirst();
      if (!org) throw new Failure('not_found', { kind: 'organization', name: orgId });
      await tx
        .insertInto('members')
        .values({ user_id: user.id, org_id: orgId, project_id: '', role: 'user', created_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await audit(tx, now, {
        resource: 'org',
        operation: 'update',
        operator,
        user,
        orgId,
        after: { member: user.name },
      });
    }
  });
  return wanted;
}

export async function membersOf(db: Db, orgId: string, projectId: string): Promise<MemberInfo[]> {
  const rows = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['users.id', 'users.name', 'users.email', 'users.enabled', 'members.role'])
    .where('members.org_id', '=', orgId)
    .where('members.project_id', '=', projectId)
    .orderBy('users.name')
    .execute();
  return rows.map((row) => ({
    userId: row.id,
    name: row.name,
    email: row.email,
    enabled: row.enabled === 1,
    roleIds: [numberOf(roles, row.role)],
  }));
}

export function plainMembers(members: readonly MemberInfo[]): Member[] {
  return members.map(({ userId, roleIds }) => ({ userId, roleIds }));
}

/** Replaces the members of an organization, or of a project in it. */
async function setMembers(
  db: Db,
  now: number,
  orgId: string,
  projectId: string,
  members: readonly Member[],
): Promise<void> {
  const rows = new Map<string, MemberRow>();
  for (const { userId, roleIds } of members) {
    const user = await db.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst();
    if (!user) throw new Failure('invalid_value', { name: 'members', reason: `there is no user ${userId}` });
    const role = roleFrom(roleIds, projectId === '' ? 'org-admin' : 'project-admin');
    rows.set(userId, { user_id: userId, org_id: orgId, project_id: projectId, role, created_at: now });
  }
  await db.deleteFrom('members').where('org_id', '=', orgId).where('project_id', '=', projectId).execute();
  if (rows.size > 0)
    await db
      .insertInto('members')
      .values([...rows.values()])
      .execute();
}

/** The highest of the roles given; none means a regular user. A role of another level is a mistake, not a wish. */
function roleFrom(roleIds: readonly number[], highest: 'org-admin' | 'project-admin'): MemberRow['role'] {
  const wrong = roleIds.find((number) => !isOneOf(roles, number, highest, 'user'));
  if (wrong !== undefined) {
    throw new Failure('invalid_value', { name: 'roleIds', reason: `${stateKey(roles, wrong)} is not a role here` });
  }
  return roleIds.some((number) => isOneOf(roles, number, highest)) ? highest : 'user';
}

async function refuseMore(
  db: Db,
  table: 'orgs' | 'projects',
  most: number,
  what: string,
  orgId?: string,
): Promise<void> {
  let query = db.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('count'));
  if (orgId !== undefined) query = query.where('org_id' as 'id', '=', orgId);
  const { count } = await query.executeTakeFirstOrThrow();
  if (count >= most)
    throw new Failure('refused', { reason: `there are ${count} ${what} already, the most there may be` });
}

async function refuseTakenName(
  db: Db,
  table: 'orgs' | 'projects',
  id: string,
  name: string,
  orgId?: string,
): Promise<void> {
  if (name === '') throw new Failure('invalid_value', { name: 'name', reason: 'it is empty' });
  let query = db.selectFrom(table).select('id').where('name', '=', name).where('id', '<>', id);
  if (orgId !== undefined) query = query.where('org_id' as 'id', '=', orgId);
  if (await query.executeTakeFirst()) throw new Failure('conflict', { reason: `the name ${name} is taken` });
}
