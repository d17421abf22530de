import type { ClusterStatus } from '../../contract/states.ts';
import type { HostedSpec, Job, Outcome } from '../providers/provider.ts';
import { courses } from '../providers/provider.ts';
import type { ClusterRow, TaskRow } from '../store/schema.ts';
import { isHosted, versionOfImage } from './offers.ts';
import type { Db } from './world.ts';

/** What a task changes, written down with it: a task that is taken up again needs nothing else. */
export interface Change {
  readonly spec: HostedSpec | undefined;
  /** Connections the cluster holds afterwards. Until then it holds the larger of both, so that neither is given away. */
  readonly reserved: number;
  /** Connections it held before, and holds again if the task fails. */
  readonly reservedBefore: number;
  /** The state before, for operations that leave it alone. */
  readonly statusBefore: ClusterStatus;
  /** Certificates or license that replace those of the cluster. */
  readonly files?: Readonly<Record<string, string>>;
  /** For `backup`, `restore`, and a `create` that begins with a backup. */
  readonly filename?: string;
  readonly node?: string;
}

export function specOf(cluster: ClusterRow): HostedSpec {
  return JSON.parse(cluster.spec_json) as HostedSpec;
}

export function filesOf(cluster: ClusterRow): Readonly<Record<string, string>> {
  return JSON.parse(cluster.files_json) as Record<string, string>;
}

export function namespaceOf(clusterId: string): string {
  return `emqx-${clusterId}`;
}

export async function jobOf(db: Db, cluster: ClusterRow, task: TaskRow): Promise<Job> {
  const change = JSON.parse(task.change_json) as Change;
  const backup =
    change.filename === undefined || task.type === 'backup'
      ? undefined
      : await db
          .selectFrom('backups')
          .select('content')
          .where('cluster_id', '=', cluster.id)
          .where('filename', '=', change.filename)
          .executeTakeFirst();
  return {
    operation: task.type,
    cluster: { id: cluster.id, name: cluster.name, namespace: namespaceOf(cluster.id) },
    spec: change.spec ?? specOf(cluster),
    files: change.files ?? filesOf(cluster),
    backup: backup?.content,
    reserved: change.reserved,
    step: task.step,
  };
}

/** Leaves the cluster as the end of its task makes it; to be called in the transaction that ends the task. */
export async function settle(
  db: Db,
  now: number,
  cluster: ClusterRow,
  task: TaskRow,
  end: Outcome | { readonly error: string },
): Promise<void> {
  const change = JSON.parse(task.change_json) as Change;
  if (task.type === 'delete' && !('error' in end)) {
    await db.deleteFrom('clusters').where('id', '=', cluster.id).execute();
    return;
  }
  if (task.type === 'backup' && 'backup' in end && end.backup) await keepBackup(db, now, cluster, change, end.backup);
  const update =
    'error' in end ? afterFailure(cluster, task, change, end.error) : afterSuccess(cluster, task, change, end, now);
  await db
    .updateTable('clusters')
    .set({ ...update, updated_at: now })
    .where('id', '=', cluster.id)
    .execute();
}

function afterSuccess(
  cluster: ClusterRow,
  task: TaskRow,
  change: Change,
  end: Outcome,
  now: number,
): Partial<ClusterRow> {
  const after = courses[task.type].after ?? change.statusBefore;
  if (!isHosted(cluster)) return { reserved: change.reserved, status: change.statusBefore };
  const restarted = after === 'running' && change.statusBefore !== 'running' && change.statusBefore !== 'degraded';
  return {
    status: end.degraded !== undefined && after === 'running' ? 'degraded' : after,
    reason: end.degraded ?? '',
    replicas: task.type === 'backup' ? cluster.replicas : end.replicas,
    reserved: change.reserved,
    ...(task.type !== 'backup' && { addresses_json: JSON.stringify(after === 'running' ? end.addresses : []) }),
    ...(change.spec && { spec_json: JSON.stringify(change.spec), version: versionOfImage(change.spec.image) }),
    ...(change.files && { files_json: JSON.stringify(change.files) }),
    ...(restarted && { up_at: now }),
  };
}

/**
 * A failed change is no change: the cluster keeps what it was asked to be before, and what it held. Only its state says
 * that it needs a repair, unless the operation never touched it.
 */
function afterFailure(cluster: ClusterRow, task: TaskRow, change: Change, error: string): Partial<ClusterRow> {
  const untouched = courses[task.type].during.length === 0 || !isHosted(cluster);
  return {
    reserved: task.type === 'create' ? change.reserved : change.reservedBefore,
    status: untouched ? change.statusBefore : 'error',
    reason: untouched ? '' : `${task.type}: ${error}`,
  };
}

async function keepBackup(
  db: Db,
  now: number,
  cluster: ClusterRow,
  change: Change,
  content: Uint8Array,
): Promise<void> {
  await db
    .insertInto('backups')
    .values({
      cluster_id: cluster.id,
      filename: change.filename ?? `emqx-backup-${now}.json`,
      node: change.node ?? '',
      content,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['cluster_id', 'filename']).doUpdateSet({ content, created_at: now }))
    .execute();
}
