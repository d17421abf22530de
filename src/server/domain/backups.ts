import type { Backup } from '../../contract/backups.ts';
import { Failure } from '../../core/errors.ts';
import type { ClusterRow, TaskRow } from '../store/schema.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import { checkOffered, refuseInState, usable } from './offers.ts';
import type { Tasks } from './tasks.ts';
import { apiTime } from './times.ts';
import type { Db, World } from './world.ts';

/** What one cluster may keep; the oldest give way to new ones. */
const mostBackups = 20;
const mostBytes = 8 * 1024 * 1024;

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
