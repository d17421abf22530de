import type { BackupTask } from '../../contract/backups.ts';
import type { BackupSchedule } from '../../contract/states.ts';
import { backupSchedule, backupStatus, numberOf } from '../../contract/states.ts';
import { Failure, reasonOf } from '../../core/errors.ts';
import type { BackupScheduleRow, ProjectRow } from '../store/schema.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import { backUp } from './backups.ts';
import { checkOffered } from './offers.ts';
import type { Tasks } from './tasks.ts';
import { apiTime } from './times.ts';
import type { Db, World } from './world.ts';

const mostSchedules = 1000;

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
