import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { endpoint } from './endpoint.ts';

const given = Type.String({ minLength: 1 });

const tokenFields = {
  accessToken: Type.String(),
  refreshToken: Type.String(),
  tokenType: Type.String(),
  /** Seconds. */
  expiresIn: Type.Integer(),
  /** Seconds. */
  refreshExpiresIn: Type.Integer(),
};

export const Session = Type.Object({ ...tokenFields, admin: Type.Boolean() });
export type Session = Static<typeof Session>;

export const login = endpoint({
  method: 'POST',
  path: '/api/account/login',
  caller: 'anyone',
  body: Type.Object({ username: given, password: given }),
  bodyKind: 'json',
  answer: Session,
});

/** Not repeatable: a server that rotates refresh tokens takes each one once. */
export const refreshToken = endpoint({
  method: 'POST',
  path: '/api/account/token/refresh',
  caller: 'anyone',
  body: Type.Object({ refreshToken: given }),
  bodyKind: 'json',
  answer: Type.Object(tokenFields),
});

export const logout = endpoint({ method: 'GET', path: '/api/account/logout', caller: 'user' });

export const Profile = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  email: Type.String(),
  mobile: Type.String(),
  avatar: Type.String(),
  admin: Type.Boolean(),
});
export type Profile = Static<typeof Profile>;

export const getProfile = endpoint({
  method: 'GET',
  path: '/api/account/profile',
  caller: 'user',
  answer: Profile,
});

/** Roles are names; those of our server are the keys of the role table in `states.ts`. */
export const Roles = Type.Object({
  roles: Type.Array(Type.String()),
  orgs: Type.Array(
    Type.Object({
      id: Type.String(),
      roles: Type.Array(Type.String()),
      projects: Type.Array(Type.Object({ id: Type.String(), roles: Type.Array(Type.String()) })),
    }),
  ),
});
export type Roles = Static<typeof Roles>;

export const getRoles = endpoint({ method: 'GET', path: '/api/account/roles', caller: 'user', answer: Roles });

export const changePassword = endpoint({
  method: 'POST',
  path: '/api/account/password',
  caller: 'user',
  body: Type.Object({ originPassword: Type.String(), newPassword: Type.String() }),
  bodyKind: 'json',
});
