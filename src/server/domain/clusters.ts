import type { Deployment } from '../../contract/deployments.ts';
import { clusterStatus, clusterType, numberOf } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import type { HostedSpec } from '../providers/provider.ts';
import type { AgentRow, ClusterRow } from '../store/schema.ts';
import type { Actor } from './access.ts';
import { mayEdit } from './access.ts';
import type { ManagedView } from './agents.ts';
import { viewManaged } from './agents.ts';
import { audit } from './audit.ts';
import { namespaceOf, specOf } from './changes.ts';
import { checkServiceAddress } from './managed.ts';
import { isHosted } from './offers.ts';
import { apiTime } from './times.ts';
import type { Db, World } from './world.ts';

/** A cluster with what its state follows from. */
export interface SeenCluster {
  readonly row: ClusterRow;
  readonly agents: readonly AgentRow[];
}

export async function withAgents(db: Db, rows: readonly ClusterRow[]): Promise<SeenCluster[]> {
  const ids = rows.filter((row) => !isHosted(row)).map((row) => row.id);
  const agents =
    ids.length === 0 ? [] : await db.selectFrom('agents').selectAll().where('cluster_id', 'in', ids).execute();
  return rows.map((row) => ({ row, agents: agents.filter((agent) => agent.cluster_id === row.id) }));
}

/** The state and its cause: stored for hosted clusters, derived from the agents for managed ones. */
export function stateOf(world: World, { row, agents }: SeenCluster, now: number): ManagedView {
  if (isHosted(row)) return { status: row.status, reason: row.reason };
  return viewManaged(row, agents, { now, since: world.startedAt, heartbeatMs: world.settings.heartbeatMs });
}

/** The cluster as the API tells it, to this reader: the registration token only to those who may edit. */
export function deployment(world: World, actor: Actor, cluster: SeenCluster, now: number): Deployment {
  const { row, agents } = cluster;
  const { status, reason } = stateOf(world, cluster, now);
  const hosted = isHosted(row);
  const spec: HostedSpec | undefined = hosted ? specOf(row) : undefined;
  const edits = mayEdit(actor, { orgId: row.org_id, projectId: row.project_id });
  return {
    id: row.id,
    type: numberOf(clusterType, row.type),
    deployName: row.name,
    orgId: row.org_id,
    projectId: row.project_id,
    status: numberOf(clusterStatus, status),
    creator: row.creator,
    desc: row.descr,
    upTime: apiTime(row.up_at),
    createdAt: apiTime(row.created_at),
    updatedAt: apiTime(row.updated_at),
    expectReplicas: spec?.replicas ?? row.replicas,
    replicas: row.replicas,
    taskId: row.task_id,
    image: spec?.image ?? '',
    network: spec?.network.type ?? '',
    namespace: hosted ? namespaceOf(row.id) : '',
    resourceLimit: spec?.resourceLimit ?? '',
    connectLimit: spec?.connectLimit ?? row.reserved,
    version: row.version,
    registrationToken: !hosted && edits ? world.keys.registrationToken(row.id) : '',
    dashboardEnabled: agents.some((agent) => agent.dashboard === 1),
    ...(!hosted && { xServiceAddress: row.service_address }),
    ...(reason !== '' && { xReason: reason }),
    ...(hosted && { xAddresses: JSON.parse(row.addresses_json) }),
  };
}

/** Renames and describes; what is absent or an empty name stays. */
export async function updateCluster(
  world: World,
  actor: Actor,
  now: number,
  cluster: ClusterRow,
  data: { readonly deployName?: string; readonly desc?: string; readonly xServiceAddress?: string },
): Promise<void> {
  if (data.xServiceAddress !== undefined && isHosted(cluster)) {
    throw new Failure('refused', { reason: 'a service address is for managed clusters only' });
  }
  const after = {
    name: data.deployName?.trim() || cluster.name,
    descr: data.desc ?? cluster.descr,
    service_address:
      data.xServiceAddress === undefined ? cluster.service_address : checkServiceAddress(data.xServiceAddress),
  };
  await world.db.transaction().execute(async (tx) => {
    await tx
      .updateTable('clusters')
      .set({ ...after, updated_at: now })
      .where('id', '=', cluster.id)
      .execute();
    await audit(tx, now, {
      resource: 'cluster',
      operation: 'update',
      operator: actor,
      orgId: cluster.org_id,
      projectId: cluster.project_id,
      cluster,
      before: { name: cluster.name, descr: cluster.descr, service_address: cluster.service_address },
      after,
    });
  });
}

/** Moves a cluster to another project; needs the right to edit both, and no task under way. */
export async function transferCluster(
  world: World,
  actor: Actor,
  now: number,
  clusterId: string,
  projectId: string,
): Promise<void> {
  await world.db.transaction().execute(async (tx) => {
    const cluster = await tx.selectFrom('clusters').selectAll().where('id', '=', clusterId).executeTakeFirst();
    const project = await tx.selectFrom('projects').selectAll().where('id', '=', projectId).executeTakeFirst();
    const from = cluster && { orgId: cluster.org_id, projectId: cluster.project_id };
    if (!from || !mayEdit(actor, from)) throw new Failure('not_found', { kind: 'cluster', name: clusterId });
    const target = project && { orgId: project.org_id, projectId: project.id };
    if (!target || !mayEdit(actor, target)) {
      // Whether the project exists is nobody's business who may not put a cluster there.
      throw new Failure('forbidden', { reason: 'you may not move a cluster to this project' });
    }
    if (from.projectId === target.projectId) return;
    const task = await tx
      .selectFrom('tasks')
      .select(['id', 'type'])
      .where('cluster_id', '=', clusterId)
      .where('status', 'in', ['pending', 'running'])
      .executeTakeFirst();
    if (task)
      throw new Failure('conflict', { reason: `a task is running on this cluster: ${task.type} (task ${task.id})` });
    await tx
      .updateTable('clusters')
      .set({ org_id: target.orgId, project_id: target.projectId, updated_at: now })
      .where('id', '=', clusterId)
      .execute();
    await tx
      .updateTable('tasks')
      .set({ org_id: target.orgId, project_id: target.projectId })
      .where('cluster_id', '=', clusterId)
      .execute();
    await audit(tx, now, {
      resource: 'cluster',
      operation: 'transfer',
      operator: actor,
      ...from,
      cluster,
      before: from,
      after: target,
    });
  });
}
