import * as api from '../../../contract/clusters.ts';
import { agentState, clusterType, numberOf } from '../../../contract/states.ts';
import { viewAgent } from '../../domain/agents.ts';
import { transferCluster } from '../../domain/clusters.ts';
import { addManaged, removeAgent } from '../../domain/managed.ts';
import { checkOffered } from '../../domain/offers.ts';
import { publicUrl } from '../../domain/platform.ts';
import { setupInstructions } from '../../domain/setup.ts';
import { apiTime } from '../../domain/times.ts';
import type { World } from '../../domain/world.ts';
import type { AgentFiles } from '../agent-files.ts';
import type { On } from '../router.ts';

export function clusterRoutes(on: On, world: World, files: AgentFiles, gone: (agentId: number) => void): void {
  const { db, settings } = world;

  on(api.addExistingCluster, 'project.edit', async ({ actor, body, now, project }) => {
    const data = { name: body.name, serviceAddress: body.xServiceAddress ?? '' };
    const row = await addManaged(world, actor, now, project, data);
    return {
      id: row.id,
      type: numberOf(clusterType, row.type),
      name: row.name,
      createdAt: apiTime(row.created_at),
    };
  });

  on(api.getSetupInstructions, 'project.edit', async ({ cluster, query }) => {
    checkOffered('agents', cluster, settings.platform);
    const registrationToken = world.keys.registrationToken(cluster.id);
    const found = await files.all();
    return {
      architectures: setupInstructions(query.platform, {
        clusterId: cluster.id,
        url: await publicUrl(world),
        registrationToken,
        file: (architecture) => found.get(architecture),
      }),
    };
  });

  on(api.listAgents, 'project.view', async ({ cluster, now }) => {
    const agents = await db
      .selectFrom('agents')
      .selectAll()
      .where('cluster_id', '=', cluster.id)
      .orderBy('id')
      .execute();
    return {
      data: agents.map((agent) => {
        const { state, err } = viewAgent(agent, now, world.startedAt, settings.heartbeatMs);
        return {
          id: agent.id,
          state: numberOf(agentState, state),
          nodeId: agent.node_id,
          version: agent.version,
          dashboard: agent.dashboard === 1,
          err,
          createdAt: apiTime(agent.created_at),
          updatedAt: apiTime(agent.updated_at),
        };
      }),
    };
  });

  on(api.deleteAgent, 'project.edit', async ({ actor, cluster, now, params }) => {
    await removeAgent(world, now, actor, cluster, params.agentId);
    gone(params.agentId);
  });

  on(api.transferCluster, 'project.edit', ({ actor, body, cluster, now }) =>
    transferCluster(world, actor, now, cluster.id, body.projectId),
  );
}
