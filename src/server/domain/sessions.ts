import type { Kysely } from 'kysely';
import { Failure } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { Tables, UserRow } from '../store/schema.ts';
import { hashToken, newToken } from './keys.ts';

/** Milliseconds. */
export interface TokenLives {
  readonly access: number;
  readonly refresh: number;
}

export const tokenLives: TokenLives = { access: 2 * 3_600_000, refresh: 7 * 24 * 3_600_000 };

/** A refresh token that was exchanged a moment ago is taken again: its answer may have been lost, or two processes share it. */
const graceMs = 60_000;
const sessionsPerUser = 200;

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshExpiresIn: number;
}

type Db = Kysely<Tables>;

export async function openSession(db: Db, userId: string, now: number, lives: TokenLives): Promise<Tokens> {
  const id = newId();
  await db.insertInto('sessions').values({ id, user_id: userId, created_at: now }).execute();
  await dropOldSessions(db, userId);
  return issue(db, id, now, lives);
}

/**
 * New tokens for a refresh token, which is used up by it. One that comes back after its grace was copied: the whole
 * session ends.
 */
export async function refreshSession(db: Db, refreshToken: string, now: number, lives: TokenLives): Promise<Tokens> {
  const hash = hashToken(refreshToken);
  const token = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
  const reused = token !== undefined && token.used_at !== 0 && now > token.used_at + graceMs;
  if (reused) await endSession(db, token.session_id);
  if (token?.kind !== 'refresh' || token.expires_at <= now || reused) throw new Failure('session_expired');
  const user = await userOfSession(db, token.session_id);
  if (user?.enabled !== 1) throw new Failure('session_expired');
  await db
    .updateTable('tokens')
    .set({ used_at: token.used_at || now })
    .where('hash', '=', hash)
    .execute();
  await db.deleteFrom('tokens').where('expires_at', '<=', now).execute();
  return issue(db, token.session_id, now, lives);
}

/** Who an access token belongs to; `session_expired` for any that does not count. */
export async function userOfAccessToken(
  db: Db,
  accessToken: string,
  now: number,
): Promise<{ readonly user: UserRow; readonly sessionId: string }> {
  const row = await db
    .selectFrom('tokens')
    .innerJoin('sessions', 'sessions.id', 'tokens.session_id')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('users')
    .select(['tokens.session_id', 'tokens.expires_at', 'tokens.kind'])
    .where('tokens.hash', '=', hashToken(accessToken))
    .executeTakeFirst();
  if (row?.kind !== 'access' || row.expires_at <= now || row.enabled !== 1) throw new Failure('session_expired');
  return { user: row, sessionId: row.session_id };
}

export async function endSession(db: Db, sessionId: string): Promise<void> {
  await db.deleteFrom('sessions').where('id', '=', sessionId).execute();
}

/** Ends all sessions of a user, but the one they act in. */
export async function endSessionsOf(db: Db, userId: string, except = ''): Promise<void> {
  await db.deleteFrom('sessions').where('user_id', '=', userId).where('id', '<>', except).execute();
}

async function issue(db: Db, sessionId: string, now: number, lives: TokenLives): Promise<Tokens> {
  const accessToken = newToken();
  const refreshToken = newToken();
  await db
    .insertInto('tokens')
    .values([
      {
        hash: hashToken(accessToken),
        session_id: sessionId,
        kind: 'access',
        expires_at: now + lives.access,
        used_at: 0,
      },
      {
        hash: hashToken(refreshToken),
        session_id: sessionId,
        kind: 'refresh',
        expires_at: now + lives.refresh,
        used_at: 0,
      },
    ])
    .execute();
  return {
    accessToken,
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: Math.floor(lives.access / 1000),
    refreshExpiresIn: Math.floor(lives.refresh / 1000),
  };
}

/** A pipeline that logs in each time must not fill the state: the oldest sessions give way. */
async function dropOldSessions(db: Db, userId: string): Promise<void> {
  const kept = db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(sessionsPerUser);
  await db.deleteFrom('sessions').where('user_id', '=', userId).where('id', 'not in', kept).execute();
}

async function userOfSession(db: Db, sessionId: string): Promise<UserRow | undefined> {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('users')
    .where('sessions.id', '=', sessionId)
    .executeTakeFirst();
}
