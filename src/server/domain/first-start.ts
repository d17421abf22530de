import { serverDefaults } from '../../contract/server-defaults.ts';
import { newId } from '../../core/random.ts';
import { checkNewPassword, generatePassword, hashPassword } from './passwords.ts';
import type { Db } from './world.ts';

/**
 * Makes the first administrator, organization and project, all or none, where there is nobody yet. Resolves with the
 * password if one had to be made: it is nowhere else to be found.
 */
export async function firstStart(db: Db, now: number, given: string | undefined): Promise<string | undefined> {
  if (await db.selectFrom('users').select('id').executeTakeFirst()) return undefined;
  if (given !== undefined) checkNewPassword(given);
  const password = given ?? generatePassword();
  const hash = await hashPassword(password);
  const orgId = newId();
  const times = { created_at: now, updated_at: now };
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('users')
      .values({
        id: newId(),
        name: serverDefaults.adminName,
        email: '',
        mobile: '',
        password: hash,
        admin: 1,
        enabled: 1,
        login_at: 0,
        ...times,
      })
      .execute();
    await tx
      .insertInto('orgs')
      .values({ id: orgId, name: serverDefaults.orgName, ...times })
      .execute();
    await tx
      .insertInto('projects')
      .values({
        id: newId(),
        org_id: orgId,
        name: serverDefaults.projectName,
        creator: serverDefaults.adminName,
        ...times,
      })
      .execute();
  });
  return given === undefined ? password : undefined;
}
