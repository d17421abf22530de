import type { Backup, BackupTask } from '../../contract/backups.ts';
import type { BackupSchedule } from '../../contract/states.ts';
import { backupSchedule, backupStatus, numberOf } from '../../contract/states.ts';
import { Failure, reasonOf } from '../../core/errors.ts';
import type { BackupScheduleRow, ClusterRow, ProjectRow, TaskRow } from '../store/schema.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import { checkOffered, refuseInState, usable } from './offers.ts';
import type { Tasks } from './tasks.ts';
import { apiTime } from './times.ts';
import type { Db, World } from './world.ts';

/** What one cluster may keep; the oldest give way to new ones. */
const mostBackups = 20;
const mostBytes = 8 * 1024 * 1024;
const mostSchedules = 1000;

/** Backs a cluster up, as a task; the file is there when it has finished. */
export function backUp(
  world: World,
  tasks: Tasks,
  operator: Operator,
  now: number,
  clusterId: string,
): Promise<TaskRow> {
  const filename = `emqx-backup-${new Date(now).toISOString().replace(/[:.]/g, '-')}.json`;
  return tasks.begin({
    clusterId,
    type: 'backup',
    userId: operator.id,
    now,
    plan: async (tx, cluster) => {
      checkOffered('backup', cluster, world.settings.platform);
      refuseInState(cluster, usable, 'backup');
      await dropOldest(tx, clusterId);
      return { ...unchanged(cluster), filename, node: firstNode(cluster) };
    },
    audit: () => ({ operation: 'backup', operator, after: { filename } }),
  });
}

/** Puts a backup back into its cluster, as a task. */
export function restore(
  world: World,
  tasks: Tasks,
  operator: Operator,
  now: number,
  clusterId: string,
  filename: string,
): Promise<TaskRow> {
  return tasks.begin({
    clusterId,
    type: 'restore',
    userId: operator.id,
    now,
    plan: async (tx, cluster) => {
      checkOffered('backup', cluster, world.settings.platform);
      refuseInState(cluster, usable, 'restore');
      await findBackup(tx, clusterId, filename);
      return { ...unchanged(cluster), filename };
    },
    audit: () => ({ operation: 'restore', operator, before: { filename } }),
  });
}

function unchanged(cluster: ClusterRow) {
  return {
    spec: undefined,
    reserved: cluster.reserved,
    reservedBefore: cluster.reserved,
    statusBefore: cluster.status,
  };
}

function firstNode({ id }: ClusterRow): string {
  return `emqx@emqx-${id}-0`;
}

export async function findBackup(db: Db, clusterId: string, filename: string): Promise<Uint8Array> {
  const row = await db
    .selectFrom('backups')
    .select('content')
    .where('cluster_id', '=', clusterId)
    .where('filename', '=', filename)
    .executeTakeFirst();
  if (!row) throw new Failure('not_found', { kind: 'backup', name: filename });
  return row.content;
}

export async function listBackups(db: Db, clusterId: string): Promise<Backup[]> {
  const rows = await db
    .selectFrom('backups')
    .select((eb) => ['filename', 'node', 'created_at', eb.fn<number>('length', ['content']).as('size')])
    .where('cluster_id', '=', clusterId)
    .orderBy('created_at', 'desc')
    .execute();
  return rows.map(({ filename, node, size, created_at }) => ({
    filename,
    node,
    size,
    created_at: apiTime(created_at),
  }));
}

/** Stores a file that was made elsewhere, so that it can be put into the cluster. */
export async function keepUpload(
  db: Db,
  now: number,
  clusterId: string,
  filename: string,
  content: Uint8Array,
): Promise<void> {
  if (!/^[\w][\w.@ -]{0,127}$/.test(filename)) {
    throw new Failure('invalid_value', { name: 'filename', reason: 'up to 128 letters, digits or -_.@ are needed' });
  }
  if (content.length === 0 || content.length > mostBytes) {
    throw new Failure('invalid_value', { name: 'file', reason: `1 to ${mostBytes} bytes are needed` });
  }
  await dropOldest(db, clusterId);
  await db
    .insertInto('backups')
    .values({ cluster_id: clusterId, filename, node: '', content, created_at: now })
    .onConflict((conflict) => conflict.columns(['cluster_id', 'filename']).doUpdateSet({ content, created_at: now }))
    .execute();
}

export async function deleteBackup(
  db: Db,
  now: number,
  operator: Operator,
  cluster: ClusterRow,
  filename: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await findBackup(tx, cluster.id, filename);
    await tx.deleteFrom('backups').where('cluster_id', '=', cluster.id).where('filename', '=', filename).execute();
    await audit(tx, now, {
      resource: 'backup',
      operation: 'delete',
      operator,
      orgId: cluster.org_id,
      projectId: cluster.project_id,
      cluster,
      before: { filename },
    });
  });
}

/** Room for one more. */
async function dropOldest(db: Db, clusterId: string): Promise<void> {
  const kept = db
    .selectFrom('backups')
    .select('filename')
    .where('cluster_id', '=', clusterId)
    .orderBy('created_at', 'desc')
    .limit(mostBackups - 1);
  await db.deleteFrom('backups').where('cluster_id', '=', clusterId).where('filename', 'not in', kept).execute();
}

/** Plans backups; what cannot be planned is answered by cluster, the others are. */
export async function schedule(
  world: World,
  now: number,
  operator: Operator,
  project: ProjectRow,
  wish: { readonly clusterIds: readonly string[]; readonly at: number; readonly scheduleType: number },
): Promise<Record<string, string>> {
  const kind = backupSchedule.byNumber.get(wish.scheduleType);
  if (!kind) throw new Failure('invalid_value', { name: 'schedule_type', reason: `${wish.scheduleType} is none` });
  if (!Number.isSafeInteger(wish.at * 1000) || wish.at * 1000 > 4_102_444_800_000 || wish.at < 0) {
    throw new Failure('invalid_value', { name: 'up_time', reason: 'seconds since 1970, before 2100, are needed' });
  }
  const errors: Record<string, string> = {};
  await world.db.transaction().execute(async (tx) => {
    const { count } = await tx
      .selectFrom('backup_schedules')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (count + wish.clusterIds.length > mostSchedules)
      throw new Failure('refused', { reason: `${count} backups are planned already` });
    for (const id of new Set(wish.clusterIds)) {
      const cluster = await tx
        .selectFrom('clusters')
        .selectAll()
        .where('id', '=', id)
        .where('project_id', '=', project.id)
        .executeTakeFirst();
      const error = cluster
        ? whyNot(() => checkOffered('backup', cluster, world.settings.platform))
        : 'cluster not found';
      if (error !== undefined || !cluster) {
        errors[id] = error ?? '';
        continue;
      }
      const row = { cluster_id: id, schedule_type: kind.key, status: 'scheduled' as const, type: 0 };
      await tx
        .insertInto('backup_schedules')
        .values({ ...row, up_at: wish.at * 1000, created_at: now, updated_at: now })
        .execute();
      await audit(tx, now, {
        resource: 'backup',
        operation: 'create',
        operator,
        orgId: project.org_id,
        projectId: project.id,
        cluster,
        after: { at: apiTime(wish.at * 1000), repeat: kind.key },
      });
    }
  });
  return errors;
}

function whyNot(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Takes a planned backup off the plan. */
export async function unschedule(
  db: Db,
  now: number,
  operator: Operator,
  project: ProjectRow,
  id: number,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom('backup_schedules').selectAll().where('id', '=', id).executeTakeFirst();
    const cluster = await tx
      .selectFrom('clusters')
      .selectAll()
      .where('id', '=', row?.cluster_id ?? '')
      .where('project_id', '=', project.id)
      .executeTakeFirst();
    if (!row || !cluster) throw new Failure('not_found', { kind: 'backup task', name: String(id) });
    await tx.deleteFrom('backup_schedules').where('id', '=', id).execute();
    await audit(tx, now, {
      resource: 'backup',
      operation: 'delete',
      operator,
      orgId: project.org_id,
      projectId: project.id,
      cluster,
      before: { at: apiTime(row.up_at), repeat: row.schedule_type },
    });
  });
}

/** Begins the backups that are due and plans the next of those that repeat. */
export async function runDueBackups(world: World, tasks: Tasks, now: number): Promise<void> {
  const { db } = world;
  const due = await db
    .selectFrom('backup_schedules')
    .selectAll()
    .where('status', '=', 'scheduled')
    .where('up_at', '<=', now)
    .execute();
  for (const row of due) {
    const error = await backUp(world, tasks, { id: '', name: 'schedule', address: '' }, now, row.cluster_id).then(
      () => undefined,
      reasonOf,
    );
    if (error !== undefined) world.log('warning', `planned backup of cluster ${row.cluster_id}: ${error}`);
    const next = nextAfter(row.schedule_type, row.up_at, now);
    await db
      .updateTable('backup_schedules')
      .set({
        ...(next === undefined ? { status: error === undefined ? 'finished' : 'error' } : { up_at: next }),
        updated_at: now,
      })
      .where('id', '=', row.id)
      .execute();
  }
}

/** The next moment of a schedule that is in the future, however long the server was away. */
export function nextAfter(kind: BackupSchedule, at: number, now: number): number | undefined {
  const day = 86_400_000;
  if (kind === 'once') return undefined;
  if (kind !== 'monthly') {
    const period = kind === 'daily' ? day : 7 * day;
    return at + (Math.floor(Math.max(0, now - at) / period) + 1) * period;
  }
  const first = new Date(at);
  for (let months = 1; ; months++) {
    const year = first.getUTCFullYear();
    const month = first.getUTCMonth() + months;
    // A month that is too short takes its last day.
    const date = Math.min(first.getUTCDate(), new Date(Date.UTC(year, month + 1, 0)).getUTCDate());
    const next = Date.UTC(year, month, date) + (at % day);
    if (next > now) return next;
  }
}

export function showSchedule(row: BackupScheduleRow): BackupTask {
  return {
    id: row.id,
    deploy_id: row.cluster_id,
    up_time: apiTime(row.up_at),
    schedule_type: numberOf(backupSchedule, row.schedule_type),
    status: numberOf(backupStatus, row.status),
    type: row.type,
    created_at: apiTime(row.created_at),
    updated_at: apiTime(row.updated_at),
  };
}
