import * as api from '../../../contract/account.ts';
import type { Role } from '../../../contract/states.ts';
import { getVersion } from '../../../contract/version.ts';
import { version } from '../../../core/version.ts';
import { audit } from '../../domain/audit.ts';
import { endSession, refreshSession } from '../../domain/sessions.ts';
import { Throttle } from '../../domain/throttle.ts';
import { checkOwnPassword, getUser, login, setPassword } from '../../domain/users.ts';
import type { World } from '../../domain/world.ts';
import type { On } from '../router.ts';

export function accountRoutes(on: On, world: World): void {
  const { db, settings } = world;
  const throttle = new Throttle();
  // Many people may share an address behind a proxy: it is closed later.
  const guard = { byName: new Throttle(), byAddress: new Throttle(50) };

  on(getVersion, 'anyone', () => ({
    version,
    commit: '',
    created: '',
    xPlatform: settings.platform,
  }));

  on(api.login, 'anyone', ({ body, operator }) => login(world, guard, body, operator.address));

  on(api.refreshToken, 'anyone', ({ body, now }) => refreshSession(db, body.refreshToken, now, settings.tokenLives));

  on(api.logout, 'self', async ({ actor, now }) => {
    await db.transaction().execute(async (tx) => {
      await endSession(tx, actor.sessionId);
      await audit(tx, now, { resource: 'account', operation: 'logout', operator: actor, user: actor });
    });
  });

  on(api.getProfile, 'self', async ({ actor }) => {
    const { id, name, email, mobile, admin } = await getUser(db, actor.id);
    return { userId: id, name, email, mobile, avatar: '', admin: admin === 1 };
  });

  on(api.getRoles, 'self', ({ actor }) => {
    const orgs = new Map<string, { id: string; roles: Role[]; projects: { id: string; roles: Role[] }[] }>();
    for (const { org_id: id, project_id: projectId, role } of actor.grants) {
      const org = orgs.get(id) ?? { id, roles: [], projects: [] };
      orgs.set(id, org);
      if (projectId === '') org.roles.push(role);
      else org.projects.push({ id: projectId, roles: [role] });
    }
    return { roles: actor.admin ? ['system-admin'] : [], orgs: [...orgs.values()] };
  });

  on(api.changePassword, 'self', async ({ actor, body, now }) => {
    const key = `password:${actor.id}`;
    throttle.check(key, now);
    try {
      await checkOwnPassword(db, actor.id, body.originPassword);
    } catch (error) {
      throttle.failed(key, now);
      throw error;
    }
    throttle.succeeded(key);
    await setPassword(db, now, actor, actor.id, body.newPassword, actor.sessionId);
  });
}
