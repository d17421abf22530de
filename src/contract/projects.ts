import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, Id, inProject, ProjectPlace, paging, Time } from './common.ts';
import { endpoint } from './endpoint.ts';
import { Member, MemberInfo, ScopeData } from './orgs.ts';

const projectFields = {
  id: Type.String(),
  name: Type.String(),
  members: Type.Array(MemberInfo),
  clusterCount: Count,
  createdAt: Time,
  updatedAt: Time,
};

export const Project = Type.Object(projectFields);
export type Project = Static<typeof Project>;

export const listOrgProjects = endpoint({
  method: 'GET',
  path: '/api/orgs/{orgId}/projects',
  caller: 'user',
  params: Type.Object({ orgId: Id }),
  query: Type.Object({ name: Type.String(), ...paging(100) }),
  answer: Type.Object({ total: Count, data: Type.Array(Project) }),
});

export const ProjectName = Type.Object({ id: Type.String(), name: Type.String() });
export type ProjectName = Static<typeof ProjectName>;

export const listProjectNames = endpoint({
  method: 'GET',
  path: '/api/orgs/{orgId}/projects/names',
  caller: 'user',
  params: Type.Object({ orgId: Id }),
  answer: Type.Object({ data: Type.Array(ProjectName) }),
});

/** A project in the list over all organizations. */
export const PlacedProject = Type.Object({ ...projectFields, orgId: Type.String(), orgName: Type.String() });
export type PlacedProject = Static<typeof PlacedProject>;

export const listProjects = endpoint({
  method: 'GET',
  path: '/api/projects',
  caller: 'user',
  query: Type.Object({ name: Type.String(), orgId: Type.String(), ...paging(50) }),
  answer: Type.Object({ total: Count, data: Type.Array(PlacedProject) }),
});

export const ProjectDetails = Type.Object({
  id: Type.String(),
  name: Type.String(),
  creator: Type.String(),
  members: Type.Array(Member),
  createdAt: Time,
  updatedAt: Time,
});
export type ProjectDetails = Static<typeof ProjectDetails>;

export const getProject = endpoint({
  method: 'GET',
  path: inProject,
  caller: 'user',
  params: ProjectPlace,
  answer: ProjectDetails,
});

export const createProject = endpoint({
  method: 'POST',
  path: '/api/orgs/{orgId}/projects',
  caller: 'user',
  params: Type.Object({ orgId: Id }),
  body: ScopeData,
  bodyKind: 'json',
  answer: Type.Object({ id: Type.String(), name: Type.String(), members: Type.Array(Member), createdAt: Time }),
});

/** The members of this one answer are user ids alone. */
export const updateProject = endpoint({
  method: 'PUT',
  path: inProject,
  caller: 'user',
  params: ProjectPlace,
  body: ScopeData,
  bodyKind: 'json',
  answer: Type.Object({
    id: Type.String(),
    name: Type.String(),
    members: Type.Array(Type.String()),
    createdAt: Time,
    updatedAt: Time,
  }),
  repeatable: true,
});

export const deleteProject = endpoint({
  method: 'DELETE',
  path: inProject,
  caller: 'user',
  params: ProjectPlace,
  repeatable: true,
});
