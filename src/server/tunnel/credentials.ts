import { sameText } from '../domain/keys.ts';
import type { World } from '../domain/world.ts';
import type { AgentRow } from '../store/schema.ts';
import { agentIdOf } from './names.ts';

/** The agent that these credentials belong to; undefined for wrong ones, and for an agent that is no more. */
export async function agentBehind(
  { db, keys }: Pick<World, 'db' | 'keys'>,
  service: 'mqtt' | 'logs',
  userName: string,
  password: string,
): Promise<AgentRow | undefined> {
  const agentId = agentIdOf(userName);
  if (agentId === undefined) return undefined;
  const right = service === 'mqtt' ? keys.mqttPassword(agentId) : keys.logsPassword(agentId);
  if (!sameText(password, right)) return undefined;
  return db.selectFrom('agents').selectAll().where('id', '=', agentId).executeTakeFirst();
}
