import { Failure } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { UserRow } from '../store/schema.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import { checkNewPassword, hashPassword, verifyPassword } from './passwords.ts';
import { endSessionsOf, openSession, type Tokens } from './sessions.ts';
import type { Throttle } from './throttle.ts';
import type { Db, World } from './world.ts';

export interface UserData {
  readonly name: string;
  readonly email: string;
  readonly admin: boolean;
}

/** Counts failed logins: by account, which protects it, and by address, which may not try one account after another. */
export interface LoginGuard {
  readonly byName: Throttle;
  readonly byAddress: Throttle;
}

/** Logs in by name or email. Wrong name, wrong password and disabled account look the same from outside. */
export async function login(
  world: World,
  guard: LoginGuard,
  given: { readonly username: string; readonly password: string },
  address: string,
): Promise<Tokens & { admin: boolean }> {
  const { db, clock, settings } = world;
  const user = await checkCredentials(world, guard, given, address);
  const now = clock.now();
  return db.transaction().execute(async (tx) => {
    const tokens = await openSession(tx, user.id, now, settings.tokenLives);
    await tx.updateTable('users').set({ login_at: now }).where('id', '=', user.id).execute();
    await audit(tx, now, {
      resource: 'account',
      operation: 'login',
      operator: { id: user.id, name: user.name, address },
      user,
    });
    return { ...tokens, admin: user.admin === 1 };
  });
}

/** The user that these credentials belong to. Failures: `bad_credentials`, `throttled` after too many of them. */
export async function checkCredentials(
  { db, clock }: Pick<World, 'db' | 'clock'>,
  guard: LoginGuard,
  given: { readonly username: string; readonly password: string },
  address: string,
): Promise<UserRow> {
  const name = given.username.trim();
  // With the address, so that nobody can lock another out of their account.
  const key = `${name.toLowerCase()} ${address}`;
  guard.byName.check(key, clock.now());
  guard.byAddress.check(address, clock.now());
  const user = await findByLogin(db, name);
  const right = await verifyPassword(given.password, user?.password);
  if (!user || !right || user.enabled !== 1) {
    guard.byName.failed(key, clock.now());
    guard.byAddress.failed(address, clock.now());
    throw new Failure('bad_credentials');
  }
  guard.byName.succeeded(key);
  return user;
}

function findByLogin(db: Db, name: string): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where((eb) => eb.or([eb('name', '=', name), eb.and([eb('email', '=', name), eb('email', '<>', '')])]))
    .orderBy('name')
    .executeTakeFirst();
}

export async function getUser(db: Db, id: string): Promise<UserRow> {
  const user = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  if (!user) throw new Failure('not_found', { kind: 'user', name: id });
  return user;
}

export async function createUser(
  db: Db,
  now: number,
  operator: Operator,
  data: UserData & { readonly password: string },
): Promise<UserRow> {
  checkNewPassword(data.password);
  const user: UserRow = {
    id: newId(),
    name: checkUserName(data.name),
    email: checkEmail(data.email),
    mobile: '',
    password: await hashPassword(data.password),
    admin: data.admin ? 1 : 0,
    enabled: 1,
    created_at: now,
    updated_at: now,
    login_at: 0,
  };
  return db.transaction().execute(async (tx) => {
    await refuseTaken(tx, user);
    await tx.insertInto('users').values(user).execute();
    await audit(tx, now, { resource: 'user', operation: 'create', operator, user, after: shown(user) });
    return user;
  });
}

export async function updateUser(
  db: Db,
  now: number,
  operator: Operator,
  id: string,
  data: Partial<UserData> & { readonly mobile?: string },
): Promise<UserRow> {
  return db.transaction().execute(async (tx) => {
    const before = await getUser(tx, id);
    const after: UserRow = {
      ...before,
      name: data.name === undefined ? before.name : checkUserName(data.name),
      email: data.email === undefined ? before.email : checkEmail(data.email),
      mobile: data.mobile ?? before.mobile,
      admin: data.admin === undefined ? before.admin : data.admin ? 1 : 0,
      updated_at: now,
    };
    await refuseTaken(tx, after);
    if (before.admin === 1 && after.admin === 0) await refuseLastAdmin(tx, id);
    await tx.updateTable('users').set(after).where('id', '=', id).execute();
    await audit(tx, now, {
      resource: 'user',
      operation: 'update',
      operator,
      user: after,
      before: shown(before),
      after: shown(after),
    });
    return after;
  });
}

export async function deleteUser(db: Db, now: number, operator: Operator, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const user = await getUser(tx, id);
    if (user.id === operator.id) throw new Failure('conflict', { reason: 'you cannot delete yourself' });
    await refuseLastAdmin(tx, id);
    await tx.deleteFrom('users').where('id', '=', id).execute();
    await audit(tx, now, { resource: 'user', operation: 'delete', operator, user, before: shown(user) });
  });
}

/** A disabled user is out at once: all sessions end. */
export async function enableUser(
  db: Db,
  now: number,
  operator: Operator,
  id: string,
  enabled: boolean,
): Promise<UserRow> {
  return db.transaction().execute(async (tx) => {
    const user = await getUser(tx, id);
    if (!enabled) {
      if (user.id === operator.id) throw new Failure('conflict', { reason: 'you cannot disable yourself' });
      await refuseLastAdmin(tx, id);
      await endSessionsOf(tx, id);
    }
    await tx
      .updateTable('users')
      .set({ enabled: enabled ? 1 : 0, updated_at: now })
      .where('id', '=', id)
      .execute();
    await audit(tx, now, { resource: 'user', operation: enabled ? 'enable' : 'disable', operator, user });
    return user;
  });
}

/** Sets a password and ends the user's sessions, but the one in which they changed it themselves. */
export async function setPassword(
  db: Db,
  now: number,
  operator: Operator,
  id: string,
  password: string,
  keepSession = '',
): Promise<void> {
  checkNewPassword(password);
  const hash = await hashPassword(password);
  await db.transaction().execute(async (tx) => {
    const user = await getUser(tx, id);
    await tx.updateTable('users').set({ password: hash, updated_at: now }).where('id', '=', id).execute();
    await endSessionsOf(tx, id, keepSession);
    const resource = user.id === operator.id ? 'account' : 'user';
    await audit(tx, now, { resource, operation: 'password', operator, user });
  });
}

export async function checkOwnPassword(db: Db, id: string, password: string): Promise<void> {
  const user = await getUser(db, id);
  if (!(await verifyPassword(password, user.password))) {
    throw new Failure('invalid_value', { name: 'originPassword', reason: 'it is not your present password' });
  }
}

async function refuseTaken(db: Db, user: UserRow): Promise<void> {
  const other = await db
    .selectFrom('users')
    .select(['name', 'email'])
    .where('id', '<>', user.id)
    .where((eb) => eb.or([eb('name', '=', user.name), ...(user.email === '' ? [] : [eb('email', '=', user.email)])]))
    .executeTakeFirst();
  if (!other) return;
  const what =
    other.name.toLowerCase() === user.name.toLowerCase() ? `the name ${user.name}` : `the email ${user.email}`;
  throw new Failure('conflict', { reason: `${what} is taken` });
}

/** Somebody must be left who can let others in. */
async function refuseLastAdmin(db: Db, id: string): Promise<void> {
  const other = await db
    .selectFrom('users')
    .select('id')
    .where('admin', '=', 1)
    .where('enabled', '=', 1)
    .where('id', '<>', id)
    .executeTakeFirst();
  const user = await getUser(db, id);
  if (user.admin === 1 && !other) throw new Failure('conflict', { reason: 'this is the last system administrator' });
}

function checkUserName(name: string): string {
  const trimmed = name.trim();
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u.test(trimmed)) return trimmed;
  throw new Failure('invalid_value', {
    name: 'name',
    reason: '1 to 64 letters, digits, spaces or ._@- are needed, the first a letter or digit',
  });
}

function checkEmail(email: string): string {
  const trimmed = email.trim();
  if (trimmed === '' || (trimmed.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(trimmed))) return trimmed;
  throw new Failure('invalid_value', { name: 'email', reason: 'not an email address' });
}

function shown({ name, email, mobile, admin, enabled }: UserRow): object {
  return { name, email, mobile, admin: admin === 1, enabled: enabled === 1 };
}
