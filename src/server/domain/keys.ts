import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Tables } from '../store/schema.ts';

/** What the server hands out again and again it derives; what it only has to recognize it stores as a hash. */
export interface Keys {
  /** MQTT password of an agent (ours.md, Agent and server). */
  mqttPassword(agentId: number): string;
  /** Password of an agent for the log intake. */
  logsPassword(agentId: number): string;
  /** Registration token of a cluster: 32 hexadecimal digits, as ECP's own. */
  registrationToken(clusterId: string): string;
}

export function makeKeys(secret: Buffer): Keys {
  const derive = (...words: readonly (string | number)[]) =>
    createHmac('sha256', secret).update(words.join(':')).digest();
  return {
    mqttPassword: (agentId) => derive('mqtt', agentId).toString('base64url'),
    logsPassword: (agentId) => derive('logs', agentId).toString('base64url'),
    registrationToken: (clusterId) => derive('registration', clusterId).toString('hex').slice(0, 32),
  };
}

/** The server's own secret, made on the first start and kept in the state. */
export async function loadSecret(db: Kysely<Tables>): Promise<Buffer> {
  const row = await db.selectFrom('settings').select('value_json').where('name', '=', 'server-key').executeTakeFirst();
  if (row) return Buffer.from(JSON.parse(row.value_json) as string, 'base64url');
  const secret = randomBytes(32);
  await db
    .insertInto('settings')
    .values({ name: 'server-key', value_json: JSON.stringify(secret.toString('base64url')) })
    .execute();
  return secret;
}

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token. Tokens are long and random, so a plain hash is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

export function sameText(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}
