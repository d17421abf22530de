import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, OrEmpty, paging, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** `lastLoginTime` is Go's zero time for those who never logged in. */
export const User = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  email: Type.String(),
  mobile: Type.String(),
  admin: Type.Boolean(),
  enabled: Type.Boolean(),
  verified: Type.Boolean(),
  createdAt: Time,
  lastLoginTime: Time,
});
export type User = Static<typeof User>;

const Place = Type.Object({ userId: Type.String({ minLength: 1, maxLength: 40 }) });
const offset = Type.Optional(Type.Integer({ default: 0 }));

export const listUsers = endpoint({
  method: 'GET',
  path: '/api/users',
  caller: 'user',
  query: Type.Object({
    nameOrEmail: Type.Optional(Type.String({ maxLength: 200 })),
    orgId: Type.Optional(Type.String()),
    admin: Type.Optional(OrEmpty(Type.Boolean())),
    size: paging(50).size,
    offset,
  }),
  answer: Type.Object({ total: Count, data: Type.Array(User) }),
});

export const FoundUser = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  email: Type.String(),
  admin: Type.Boolean(),
});
export type FoundUser = Static<typeof FoundUser>;

/** For pickers: shorter entries, and -1 as a size asks for all. */
export const searchUsers = endpoint({
  method: 'GET',
  path: '/api/users/search',
  caller: 'user',
  query: Type.Object({
    name: Type.Optional(Type.String()),
    orgId: Type.Optional(Type.String()),
    verified: Type.Optional(OrEmpty(Type.Boolean())),
    enabled: Type.Optional(OrEmpty(Type.Boolean())),
    size: Type.Optional(Type.Integer({ minimum: -1, maximum: 100, default: 10 })),
    offset,
  }),
  answer: Type.Object({ total: Count, data: Type.Array(FoundUser) }),
});

export const getUser = endpoint({
  method: 'GET',
  path: '/api/users/{userId}',
  caller: 'user',
  params: Place,
  answer: Type.Omit(User, ['createdAt', 'lastLoginTime']),
});

const Written = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  admin: Type.Boolean(),
  createdAt: Time,
});

export const createUser = endpoint({
  method: 'POST',
  path: '/api/users',
  caller: 'user',
  body: Type.Object({ name: Type.String(), email: Type.String(), admin: Type.Boolean(), password: Type.String() }),
  bodyKind: 'json',
  answer: Written,
});

export const updateUser = endpoint({
  method: 'PUT',
  path: '/api/users/{userId}',
  caller: 'user',
  params: Place,
  body: Type.Object({ name: Type.String(), email: Type.String(), admin: Type.Boolean() }),
  bodyKind: 'json',
  answer: Type.Object({ ...Written.properties, updatedAt: Time }),
  repeatable: true,
});

export const deleteUser = endpoint({
  method: 'DELETE',
  path: '/api/users/{userId}',
  caller: 'user',
  params: Place,
  repeatable: true,
});

export const enableUser = endpoint({
  method: 'POST',
  path: '/api/users/{userId}/enabled',
  caller: 'user',
  params: Place,
  body: Type.Object({ enabled: Type.Boolean() }),
  bodyKind: 'json',
  answer: Type.Object({ user: Type.String() }),
  repeatable: true,
});

export const resetUserPassword = endpoint({
  method: 'POST',
  path: '/api/users/{userId}/password/reset',
  caller: 'user',
  params: Place,
  body: Type.Object({ password: Type.String() }),
  bodyKind: 'json',
  repeatable: true,
});

export const addUserToOrgs = endpoint({
  method: 'POST',
  path: '/api/users/{userId}/add-to-orgs',
  caller: 'user',
  params: Place,
  body: Type.Object({ orgIds: Type.Array(Type.String()) }),
  bodyKind: 'json',
  answer: Type.Object({ orgIds: Type.Array(Type.String()) }),
  repeatable: true,
});
