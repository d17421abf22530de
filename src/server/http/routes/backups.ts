import * as api from '../../../contract/backups.ts';
import { Failure } from '../../../core/errors.ts';
import { schedule, showSchedule, unschedule } from '../../domain/backup-plan.ts';
import { backUp, deleteBackup, findBackup, keepUpload, listBackups, restore } from '../../domain/backups.ts';
import type { Tasks } from '../../domain/tasks.ts';
import type { World } from '../../domain/world.ts';
import type { On } from '../router.ts';

const started = { msg: 'started' };

export function backupRoutes(on: On, world: World, tasks: Tasks): void {
  const { db } = world;

  on(api.backUpNow, 'project.edit', async ({ actor, cluster, now }) => {
    await backUp(world, tasks, actor, now, cluster.id);
    return started;
  });

  on(api.listBackups, 'project.view', async ({ body, project }) => {
    const clusters = await clustersOf(project.id);
    const data: Record<string, { code: number; data: Awaited<ReturnType<typeof listBackups>> }> = {};
    const errors: string[] = [];
    for (const id of new Set(body.deploy_ids)) {
      if (clusters.has(id)) data[id] = { code: 0, data: await listBackups(db, id) };
      else errors.push(`${id}: cluster not found`);
    }
    return { data, deploy_id_name_map: names(clusters, Object.keys(data)), errors };
  });

  on(api.listBackupTasks, 'project.view', async ({ project }) => {
    const clusters = await clustersOf(project.id);
    const ids = [...clusters.keys()];
    const rows = await db
      .selectFrom('backup_schedules')
      .selectAll()
      .where('cluster_id', 'in', ids)
      .orderBy('id')
      .execute();
    const data: Record<string, ReturnType<typeof showSchedule>[]> = {};
    for (const row of rows) data[row.cluster_id] = [...(data[row.cluster_id] ?? []), showSchedule(row)];
    return { data, deploy_id_name_map: names(clusters, Object.keys(data)) };
  });

  on(api.createBackupTask, 'project.edit', async ({ actor, body, now, project }) => ({
    errors: await schedule(world, now, actor, project, {
      clusterIds: body.deploy_id_list,
      at: body.up_time,
      scheduleType: body.schedule_type ?? 0,
    }),
  }));

  on(api.deleteBackupTask, 'project.edit', async ({ actor, now, params, project }) => {
    await unschedule(db, now, actor, project, params.task_id);
    return { errors: '' };
  });

  on(api.importBackup, 'project.edit', async ({ actor, body, cluster, now }) => {
    await restore(world, tasks, actor, now, cluster.id, body.filename);
    return started;
  });

  on(api.downloadBackup, 'project.edit', ({ cluster, params }) => findBackup(db, cluster.id, params.filename));

  on(api.deleteBackup, 'project.edit', async ({ actor, cluster, now, params }) => {
    await deleteBackup(db, now, actor, cluster, params.filename);
    return { msg: 'deleted' };
  });

  on(api.uploadBackup, 'project.edit', async ({ actor, body, now, project }) => {
    const id = body.xDeployId ?? '';
    if (!(await clustersOf(project.id)).has(id)) {
      throw new Failure('invalid_value', { name: 'xDeployId', reason: 'it names no cluster of this project' });
    }
    await keepUpload(db, now, id, body.filename, Buffer.from(body.file, 'base64'));
    await restore(world, tasks, actor, now, id, body.filename);
    return started;
  });

  /** Names by id. */
  async function clustersOf(projectId: string): Promise<ReadonlyMap<string, string>> {
    const rows = await db.selectFrom('clusters').select(['id', 'name']).where('project_id', '=', projectId).execute();
    return new Map(rows.map((row) => [row.id, row.name]));
  }
}

function names(clusters: ReadonlyMap<string, string>, ids: readonly string[]): Record<string, string> {
  return Object.fromEntries(ids.map((id) => [id, clusters.get(id) ?? '']));
}
