import { Failure } from '../../core/errors.ts';
import type { TaskRow } from '../store/schema.ts';
import type { Actor } from './access.ts';
import type { Tasks } from './tasks.ts';

/**
 * Deletes a cluster; its name is the confirmation. A hosted one is stopped first, of a managed one the connections are
 * given back first: if that fails it stays (ecp.md section 5).
 */
export function deleteCluster(
  tasks: Tasks,
  actor: Actor,
  now: number,
  clusterId: string,
  name: string,
): Promise<TaskRow> {
  return tasks.begin({
    clusterId,
    type: 'delete',
    userId: actor.id,
    now,
    plan: async (_, cluster) => {
      if (cluster.name !== name) {
        throw new Failure('invalid_value', {
          name: 'name',
          reason: 'it is not the name of the cluster: nothing was deleted',
        });
      }
      return {
        spec: undefined,
        reserved: cluster.reserved,
        reservedBefore: cluster.reserved,
        statusBefore: cluster.status,
      };
    },
    audit: (cluster) => ({ operation: 'delete', operator: actor, before: { name: cluster.name, type: cluster.type } }),
  });
}
