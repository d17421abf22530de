import type { Metadata } from '../../../contract/agent.ts';
import * as api from '../../../contract/agent.ts';
import { Failure } from '../../../core/errors.ts';
import { registerAgent, removeAgent, takeReport } from '../../domain/managed.ts';
import { publicUrl } from '../../domain/platform.ts';
import { Throttle } from '../../domain/throttle.ts';
import type { World } from '../../domain/world.ts';
import { agentTopics, agentUserName } from '../../tunnel/names.ts';
import type { On } from '../router.ts';

/** What the agent calls (ecp.md section 3). `intake`: where logs go, when that is not this server. */
export function agentRoutes(
  on: On,
  world: World,
  gone: (agentId: number) => void,
  intake: Metadata['elasticsearch'] | undefined,
): void {
  const { db, keys, settings } = world;
  const throttle = new Throttle();

  on(api.registerAgent, 'anyone', async ({ body, now, operator }) => {
    const key = `register:${operator.address}`;
    throttle.check(key, now);
    try {
      return { token: await registerAgent(world, now, operator.address, body) };
    } catch (error) {
      if (error instanceof Failure && error.code === 'bad_registration_token') throttle.failed(key, now);
      throw error;
    }
  });

  on(api.getMetadata, 'agent', async ({ agent }) => {
    const topics = agentTopics(agent.id);
    return {
      clusterId: agent.cluster_id,
      elasticsearch: intake ?? {
        urls: [await publicUrl(world)],
        username: agentUserName(agent.id),
        password: keys.logsPassword(agent.id),
        indexName: 'emqx-logs',
      },
      mqtt: { server: settings.mqttUrl, username: agentUserName(agent.id), password: keys.mqttPassword(agent.id) },
      tunnel: { requestTopic: topics.request, replyTopic: topics.reply, telemetryTopic: topics.telemetry },
    };
  });

  on(api.reportAgent, 'agent', ({ agent, body, now }) => takeReport(world, now, agent, body));

  on(api.unregisterAgent, 'agent', async ({ agent, now, operator }) => {
    const cluster = await db
      .selectFrom('clusters')
      .selectAll()
      .where('id', '=', agent.cluster_id)
      .executeTakeFirstOrThrow();
    await removeAgent(world, now, { ...operator, name: `agent ${agent.node_id}` }, cluster, agent.id);
    gone(agent.id);
  });
}
