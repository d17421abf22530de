import * as api from '../../../contract/users.ts';
import { Failure } from '../../../core/errors.ts';
import type { Actor } from '../../domain/access.ts';
import { addToOrgs } from '../../domain/scopes.ts';
import { apiTime } from '../../domain/times.ts';
import { createUser, deleteUser, enableUser, getUser, setPassword, updateUser } from '../../domain/users.ts';
import type { World } from '../../domain/world.ts';
import type { UserRow } from '../../store/schema.ts';
import type { On } from '../router.ts';

export function userRoutes(on: On, { db }: World): void {
  on(api.listUsers, 'system', async ({ query }) => {
    const users = await find({
      word: query.nameOrEmail,
      ...(query.orgId && { orgs: [query.orgId] }),
      ...(typeof query.admin === 'boolean' && { admin: query.admin }),
    });
    const { size = 10, offset = 0 } = query;
    const data = users.slice(offset, offset + size).map((user) => ({
      ...shown(user),
      createdAt: apiTime(user.created_at),
      lastLoginTime: apiTime(user.login_at),
    }));
    return { total: users.length, data };
  });

  on(api.searchUsers, 'self', async ({ actor, query }) => {
    const users = await find({
      word: query.name,
      ...orgsToSearch(actor, query.orgId),
      ...(typeof query.enabled === 'boolean' && { enabled: query.enabled }),
    });
    const { size = 10, offset = 0 } = query;
    const page = users.slice(offset, size === -1 ? undefined : offset + size);
    const data = page.map(({ id, name, email, admin }) => ({ userId: id, name, email, admin: admin === 1 }));
    return { total: users.length, data };
  });

  on(api.getUser, 'self', async ({ actor, params }) => {
    if (!actor.admin && params.userId !== actor.id) {
      const known = await find(orgsToSearch(actor, ''));
      if (!known.some((user) => user.id === params.userId)) {
        throw new Failure('not_found', { kind: 'user', name: params.userId });
      }
    }
    return shown(await getUser(db, params.userId));
  });

  on(api.createUser, 'system', async ({ body, now, operator }) => {
    const user = await createUser(db, now, operator, body);
    return written(user);
  });

  on(api.updateUser, 'system', async ({ body, now, operator, params }) => {
    const user = await updateUser(db, now, operator, params.userId, body);
    return { ...written(user), updatedAt: apiTime(user.updated_at) };
  });

  on(api.deleteUser, 'system', ({ now, operator, params }) => deleteUser(db, now, operator, params.userId));

  on(api.enableUser, 'system', async ({ body, now, operator, params }) => {
    const user = await enableUser(db, now, operator, params.userId, body.enabled);
    return { user: user.name };
  });

  on(api.resetUserPassword, 'system', ({ body, now, operator, params }) =>
    setPassword(db, now, operator, params.userId, body.password),
  );

  on(api.addUserToOrgs, 'system', async ({ body, now, operator, params }) => ({
    orgIds: await addToOrgs(db, now, operator, await getUser(db, params.userId), body.orgIds),
  }));

  interface Wanted {
    readonly word?: string | undefined;
    /** Members of one of these; undefined: everybody. */
    readonly orgs?: readonly string[];
    readonly admin?: boolean;
    readonly enabled?: boolean;
  }

  async function find({ word = '', orgs, admin, enabled }: Wanted): Promise<UserRow[]> {
    let query = db.selectFrom('users').selectAll().orderBy('name');
    if (admin !== undefined) query = query.where('admin', '=', admin ? 1 : 0);
    if (enabled !== undefined) query = query.where('enabled', '=', enabled ? 1 : 0);
    if (orgs) {
      query = query.where('id', 'in', (eb) => eb.selectFrom('members').select('user_id').where('org_id', 'in', orgs));
    }
    const wanted = word.toLowerCase();
    const users = await query.execute();
    return users.filter((user) => `${user.name}\n${user.email}`.toLowerCase().includes(wanted));
  }
}

/** System administrators find everybody; others those they share an organization with. */
function orgsToSearch(actor: Actor, orgId: string | undefined): { orgs?: readonly string[] } {
  const mine = actor.grants.map((grant) => grant.org_id);
  if (orgId) return { orgs: actor.admin || mine.includes(orgId) ? [orgId] : [] };
  return actor.admin ? {} : { orgs: mine };
}

/** There is no mail to verify an address by: whoever an administrator made counts as verified. */
function shown({ id, name, email, mobile, admin, enabled }: UserRow) {
  return { userId: id, name, email, mobile, admin: admin === 1, enabled: enabled === 1, verified: true };
}

function written({ id, name, email, admin, created_at }: UserRow) {
  return { id, name, email, admin: admin === 1, createdAt: apiTime(created_at) };
}
