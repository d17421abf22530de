import type { TaskRow } from '../store/schema.ts';
import type { Actor } from './access.ts';
import { checkConnections, checkGeneration } from './license.ts';
import { checkOffered, generationOfText } from './offers.ts';
import type { Tasks } from './tasks.ts';
import type { World } from './world.ts';

/** Sets the connections a managed cluster may use; 0 gives them back and leaves EMQX its own limit. */
export function changeManagedConnections(
  world: World,
  tasks: Tasks,
  actor: Actor,
  now: number,
  clusterId: string,
  connectLimit: number,
): Promise<TaskRow> {
  return tasks.begin({
    clusterId,
    type: 'connections',
    userId: actor.id,
    now,
    plan: async (tx, cluster) => {
      checkOffered('connections', cluster, world.settings.platform);
      if (connectLimit === cluster.reserved) return undefined;
      if (connectLimit > 0) await checkGeneration(tx, generationOfText(cluster.version));
      await checkConnections(tx, now, { clusterId, before: cluster.reserved, after: connectLimit });
      return {
        spec: undefined,
        reserved: connectLimit,
        reservedBefore: cluster.reserved,
        statusBefore: cluster.status,
      };
    },
    audit: (cluster) => ({
      operation: 'connections',
      operator: actor,
      before: { connectLimit: cluster.reserved },
      after: { connectLimit },
    }),
  });
}
