import * as orgApi from '../../../contract/orgs.ts';
import * as projectApi from '../../../contract/projects.ts';
import { visibleOrgs, visibleProjects } from '../../domain/access.ts';
import {
  createOrg,
  createProject,
  deleteOrg,
  deleteProject,
  membersOf,
  plainMembers,
  updateOrg,
  updateProject,
} from '../../domain/scopes.ts';
import { apiTime } from '../../domain/times.ts';
import type { World } from '../../domain/world.ts';
import type { OrgRow, ProjectRow } from '../../store/schema.ts';
import type { On } from '../router.ts';

export function scopeRoutes(on: On, { db }: World): void {
  on(orgApi.listOrgs, 'self', async ({ actor, query }) => {
    const orgs = await orgsFor(visibleOrgs(actor), query.name);
    const seen = visibleProjects(actor);
    const page = orgs.slice(query.offset, query.offset + (query.size ?? 10));
    const data = await Promise.all(
      page.map(async (org) => {
        const projects = await projectsFor(seen, { orgId: org.id });
        const members = plainMembers(await membersOf(db, org.id, ''));
        return { ...head(org), members, projects: projects.map(({ id }) => id), updatedAt: apiTime(org.updated_at) };
      }),
    );
    return { total: orgs.length, data };
  });

  on(orgApi.listOrgNames, 'self', async ({ actor }) => {
    const projects = await projectsFor(visibleProjects(actor));
    const orgs = await orgsFor(visibleOrgs(actor), '');
    return {
      data: orgs.map(({ id, name }) => ({
        id,
        name,
        projectCount: projects.filter((project) => project.org_id === id).length,
      })),
    };
  });

  on(orgApi.getOrg, 'org.view', async ({ org }) => ({
    ...head(org),
    members: await membersOf(db, org.id, ''),
    updatedAt: apiTime(org.updated_at),
  }));

  on(orgApi.createOrg, 'system', async ({ body, now, operator }) => {
    const org = await createOrg(db, now, operator, body);
    return { ...head(org), members: plainMembers(await membersOf(db, org.id, '')) };
  });

  on(orgApi.updateOrg, 'org.edit', async ({ body, now, operator, org: before }) => {
    const org = await updateOrg(db, now, operator, before, body);
    const members = plainMembers(await membersOf(db, org.id, ''));
    return { ...head(org), members, updatedAt: apiTime(org.updated_at) };
  });

  on(orgApi.deleteOrg, 'system', async ({ now, operator, org }) => {
    await deleteOrg(db, now, operator, org);
  });

  on(projectApi.listOrgProjects, 'org.view', async ({ actor, org, query }) => {
    const projects = await projectsFor(visibleProjects(actor), { orgId: org.id, name: query.name });
    return { total: projects.length, data: await Promise.all(pageOf(projects, query).map(project)) };
  });

  on(projectApi.listProjectNames, 'org.view', async ({ actor, org }) => {
    const projects = await projectsFor(visibleProjects(actor), { orgId: org.id });
    return { data: projects.map(({ id, name }) => ({ id, name })) };
  });

  on(projectApi.listProjects, 'self', async ({ actor, query }) => {
    const where = { name: query.name, ...(query.orgId !== '' && { orgId: query.orgId }) };
    const projects = await projectsFor(visibleProjects(actor), where);
    const data = await Promise.all(
      pageOf(projects, query).map(async (row) => {
        const org = await db.selectFrom('orgs').select('name').where('id', '=', row.org_id).executeTakeFirstOrThrow();
        return { ...(await project(row)), orgId: row.org_id, orgName: org.name };
      }),
    );
    return { total: projects.length, data };
  });

  on(projectApi.getProject, 'project.view', async ({ project: row }) => ({
    ...head(row),
    creator: row.creator,
    members: plainMembers(await membersOf(db, row.org_id, row.id)),
    updatedAt: apiTime(row.updated_at),
  }));

  on(projectApi.createProject, 'org.edit', async ({ body, now, operator, org }) => {
    const row = await createProject(db, now, operator, org, body);
    return { ...head(row), members: plainMembers(await membersOf(db, org.id, row.id)) };
  });

  on(projectApi.updateProject, 'project.edit', async ({ body, now, operator, project: before }) => {
    const row = await updateProject(db, now, operator, before, body);
    const members = (await membersOf(db, row.org_id, row.id)).map(({ userId }) => userId);
    return { ...head(row), members, updatedAt: apiTime(row.updated_at) };
  });

  on(projectApi.deleteProject, 'org.edit', async ({ now, operator, project: row }) => {
    await deleteProject(db, now, operator, row);
  });

  function orgsFor(seen: ReturnType<typeof visibleOrgs>, name: string): Promise<OrgRow[]> {
    let query = db.selectFrom('orgs').selectAll().orderBy('name');
    if (seen !== 'all') query = query.where('id', 'in', seen);
    return query.execute().then((rows) => rows.filter(named(name)));
  }

  function projectsFor(
    seen: ReturnType<typeof visibleProjects>,
    { orgId, name = '' }: { orgId?: string; name?: string } = {},
  ): Promise<ProjectRow[]> {
    let query = db.selectFrom('projects').selectAll().orderBy('name').orderBy('id');
    if (orgId !== undefined) query = query.where('org_id', '=', orgId);
    if (seen !== 'all') {
      query = query.where((eb) => eb.or([eb('org_id', 'in', seen.orgs), eb('id', 'in', seen.projects)]));
    }
    return query.execute().then((rows) => rows.filter(named(name)));
  }

  async function project(row: ProjectRow) {
    const { count } = await db
      .selectFrom('clusters')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('project_id', '=', row.id)
      .executeTakeFirstOrThrow();
    const members = await membersOf(db, row.org_id, row.id);
    return { ...head(row), members, clusterCount: count, updatedAt: apiTime(row.updated_at) };
  }
}

function head({ id, name, created_at }: OrgRow | ProjectRow) {
  return { id, name, createdAt: apiTime(created_at) };
}

/** There are a thousand at most: filtering here keeps upper and lower case of every script alike. */
function named(part: string): (row: { readonly name: string }) => boolean {
  const wanted = part.toLowerCase();
  return ({ name }) => name.toLowerCase().includes(wanted);
}

function pageOf<Row>(rows: readonly Row[], { size = 10, offset = 0 }: { size?: number; offset?: number }): Row[] {
  return rows.slice(offset, offset + size);
}
