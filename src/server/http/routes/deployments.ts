import * as api from '../../../contract/deployments.ts';
import { clusterStatus, numberOf, taskStatus, taskType } from '../../../contract/states.ts';
import { getTask } from '../../../contract/tasks.ts';
import { Failure } from '../../../core/errors.ts';
import type { Actor } from '../../domain/access.ts';
import { mayView } from '../../domain/access.ts';
import { deployment, stateOf, updateCluster, withAgents } from '../../domain/clusters.ts';
import { deleteCluster } from '../../domain/deletion.ts';
import type { HostedWish } from '../../domain/hosted.ts';
import { changeHosted, createHosted } from '../../domain/hosted.ts';
import { changeManagedConnections } from '../../domain/limits.ts';
import { isHosted } from '../../domain/offers.ts';
import { findQuota } from '../../domain/quotas.ts';
import { imageFor, networkOf } from '../../domain/spec.ts';
import type { Tasks } from '../../domain/tasks.ts';
import { apiTime } from '../../domain/times.ts';
import type { World } from '../../domain/world.ts';
import type { ClusterRow, TaskRow } from '../../store/schema.ts';
import type { On } from '../router.ts';

export function deploymentRoutes(on: On, world: World, tasks: Tasks): void {
  const { db } = world;

  on(api.listDeployments, 'project.view', async ({ actor, project, query, now }) => {
    const rows = await db
      .selectFrom('clusters')
      .selectAll()
      .where('project_id', '=', project.id)
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .execute();
    const name = query.deployName?.toLowerCase() ?? '';
    const creator = query.creator?.toLowerCase() ?? '';
    const found = rows.filter(
      (row) => row.name.toLowerCase().includes(name) && (creator === '' || row.creator.toLowerCase() === creator),
    );
    const { offset = 0, limit = 10 } = query;
    const page = found.slice(offset, limit === -1 ? undefined : offset + limit);
    const seen = await withAgents(db, page);
    return { data: { total: found.length, list: seen.map((cluster) => deployment(world, actor, cluster, now)) } };
  });

  on(api.getDeployment, 'project.view', async ({ actor, cluster, now }) => ({ data: await show(actor, cluster, now) }));

  on(api.getDeploymentStatus, 'project.view', async ({ cluster, now }) => {
    const [seen] = await withAgents(db, [cluster]);
    const { status } = stateOf(world, seen ?? { row: cluster, agents: [] }, now);
    return { data: { status: numberOf(clusterStatus, status) } };
  });

  on(api.createDeployment, 'project.edit', async ({ actor, project, body, now }) => {
    const cluster = await createHosted(world, tasks, actor, now, project, body);
    return { data: await show(actor, cluster, now) };
  });

  on(api.updateDeployment, 'project.edit', async ({ actor, cluster, body, now }) => {
    await updateCluster(world, actor, now, cluster, body);
    return {};
  });

  on(api.scaleDeployment, 'project.edit', ({ actor, cluster, params, now }) =>
    started(actor, cluster, now, { type: 'scale', spec: async () => ({ replicas: params.replicas }) }),
  );

  on(api.scaleDeploymentVertically, 'project.edit', ({ actor, cluster, params, now }) =>
    started(actor, cluster, now, {
      type: 'vertical',
      spec: async (tx) => ({ resourceLimit: (await findQuota(tx, params.resourceLimit)).name }),
    }),
  );

  on(api.changeNetwork, 'project.edit', ({ actor, cluster, body, now }) =>
    started(actor, cluster, now, { type: 'network', spec: async () => ({ network: networkOf(body) }) }),
  );

  on(api.changeConnections, 'project.edit', async ({ actor, cluster, body, now }) => {
    if (!isHosted(cluster)) {
      const task = await changeManagedConnections(world, tasks, actor, now, cluster.id, body.connectLimit);
      return { data: { taskId: task.id } };
    }
    if (body.connectLimit === 0) {
      throw new Failure('invalid_value', { name: 'connectLimit', reason: 'a hosted cluster needs at least 1' });
    }
    return started(actor, cluster, now, {
      type: 'connections',
      spec: async () => ({ connectLimit: body.connectLimit }),
    });
  });

  on(api.changeLicense, 'project.edit', ({ actor, cluster, body, now }) => {
    if (!body.license) throw new Failure('invalid_value', { name: 'license', reason: 'it is missing' });
    return started(actor, cluster, now, { type: 'license', files: { license: body.license } });
  });

  on(api.changeCertificates, 'project.edit', ({ actor, cluster, body, now }) =>
    started(actor, cluster, now, {
      type: 'certificates',
      files: body,
      spec: async () => ({ crtType: body.crtType ?? 0 }),
    }),
  );

  on(api.changeImage, 'project.edit', ({ actor, cluster, body, now }) =>
    started(actor, cluster, now, {
      type: 'image',
      spec: async (tx, before) => ({ image: await imageFor(tx, before, body.image) }),
    }),
  );

  on(api.startDeployment, 'project.edit', async ({ actor, cluster, now }) => {
    await changeHosted(world, tasks, actor, now, cluster.id, { type: 'start' });
    return { data: await show(actor, cluster, now) };
  });

  on(api.stopDeployment, 'project.edit', ({ actor, cluster, now }) => started(actor, cluster, now, { type: 'stop' }));

  on(api.repairDeployment, 'project.edit', async ({ actor, cluster, now }) => {
    await changeHosted(world, tasks, actor, now, cluster.id, { type: 'repair' });
    return { data: await show(actor, cluster, now) };
  });

  on(api.deleteDeployment, 'project.edit', async ({ actor, cluster, body, now }) => {
    const task = await deleteCluster(tasks, actor, now, cluster.id, body.name);
    return { data: { taskId: task.id } };
  });

  on(getTask, 'self', async ({ actor, params }) => {
    const task = await db.selectFrom('tasks').selectAll().where('id', '=', params.id).executeTakeFirst();
    if (!task || !mayView(actor, { orgId: task.org_id, projectId: task.project_id })) {
      throw new Failure('not_found', { kind: 'task', name: params.id });
    }
    return showTask(task);
  });

  async function started(actor: Actor, cluster: ClusterRow, now: number, wish: HostedWish) {
    const task = await changeHosted(world, tasks, actor, now, cluster.id, wish);
    return { data: { taskId: task.id } };
  }

  /** As it is now: the row that came with the request may be one change old. */
  async function show(actor: Actor, { id }: ClusterRow, now: number) {
    const row = await db.selectFrom('clusters').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw new Failure('not_found', { kind: 'cluster', name: id });
    const [seen] = await withAgents(db, [row]);
    return deployment(world, actor, seen ?? { row, agents: [] }, now);
  }
}

function showTask(task: TaskRow) {
  return {
    id: task.id,
    deploy_id: task.cluster_id,
    user_id: task.user_id,
    type: numberOf(taskType, task.type),
    status: numberOf(taskStatus, task.status),
    progress: task.progress,
    createdAt: apiTime(task.created_at),
    updatedAt: apiTime(task.updated_at),
    ...(task.error !== '' && { xReason: task.error }),
  };
}
