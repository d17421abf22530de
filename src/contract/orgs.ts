import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, Id, paging, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** Name of an organization or a project, in characters. */
export const ScopeName = Type.String({ minLength: 1, maxLength: 50 });

/** A member as it is written: who, and the numbers of the roles (`states.ts`). */
export const Member = Type.Object({ userId: Type.String({ minLength: 1 }), roleIds: Type.Array(Type.Integer()) });
export type Member = Static<typeof Member>;

/** A member as a list shows it. */
export const MemberInfo = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  email: Type.String(),
  enabled: Type.Boolean(),
  roleIds: Type.Array(Type.Integer()),
});
export type MemberInfo = Static<typeof MemberInfo>;

/** The body that makes or changes an organization or a project. */
export const ScopeData = Type.Object({ name: ScopeName, members: Type.Array(Member) });
export type ScopeData = Static<typeof ScopeData>;

export const Org = Type.Object({
  id: Type.String(),
  name: Type.String(),
  members: Type.Array(Member),
  projects: Type.Array(Type.String()),
  createdAt: Time,
  updatedAt: Time,
});
export type Org = Static<typeof Org>;

const Place = Type.Object({ orgId: Id });

export const listOrgs = endpoint({
  method: 'GET',
  path: '/api/orgs',
  caller: 'user',
  query: Type.Object({
    name: Type.String(),
    size: paging(100).size,
    offset: Type.Integer({ minimum: 0 }),
  }),
  answer: Type.Object({ total: Count, data: Type.Array(Org) }),
});

export const OrgName = Type.Object({ id: Type.String(), name: Type.String(), projectCount: Count });
export type OrgName = Static<typeof OrgName>;

export const listOrgNames = endpoint({
  method: 'GET',
  path: '/api/orgs/names',
  caller: 'user',
  answer: Type.Object({ data: Type.Array(OrgName) }),
});

export const OrgDetails = Type.Object({
  id: Type.String(),
  name: Type.String(),
  members: Type.Array(MemberInfo),
  createdAt: Time,
  updatedAt: Time,
});
export type OrgDetails = Static<typeof OrgDetails>;

export const getOrg = endpoint({
  method: 'GET',
  path: '/api/orgs/{orgId}',
  caller: 'user',
  params: Place,
  answer: OrgDetails,
});

export const createOrg = endpoint({
  method: 'POST',
  path: '/api/orgs',
  caller: 'user',
  body: ScopeData,
  bodyKind: 'json',
  answer: Type.Object({ id: Type.String(), name: Type.String(), members: Type.Array(Member), createdAt: Time }),
});

export const updateOrg = endpoint({
  method: 'PUT',
  path: '/api/orgs/{orgId}',
  caller: 'user',
  params: Place,
  body: ScopeData,
  bodyKind: 'json',
  answer: Type.Object({
    id: Type.String(),
    name: Type.String(),
    members: Type.Array(Member),
    createdAt: Time,
    updatedAt: Time,
  }),
  repeatable: true,
});

export const deleteOrg = endpoint({
  method: 'DELETE',
  path: '/api/orgs/{orgId}',
  caller: 'user',
  params: Place,
  repeatable: true,
});
