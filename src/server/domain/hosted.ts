import type { CertificateForm, CreateForm } from '../../contract/deployments.ts';
import type { ClusterStatus, TaskType } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { HostedSpec } from '../providers/provider.ts';
import type { ClusterRow, ProjectRow, TaskRow } from '../store/schema.ts';
import type { Actor } from './access.ts';
import { mayEdit } from './access.ts';
import { audit } from './audit.ts';
import { findBackup, keepUpload } from './backups.ts';
import { checkFiles, filesFrom } from './certificates.ts';
import type { Change } from './changes.ts';
import { filesOf, specOf } from './changes.ts';
import { checkClusterCount, checkConnections } from './license.ts';
import { checkOffered, featureOf, generationOfText, refuseInState, usable, versionOfImage } from './offers.ts';
import { checkResources } from './quotas.ts';
import { specFrom } from './spec.ts';
import type { NewTask, Tasks } from './tasks.ts';
import { writeTask } from './tasks.ts';
import type { Db, World } from './world.ts';

/** States in which an operation makes sense. */
const allowed: Readonly<Partial<Record<TaskType, readonly ClusterStatus[]>>> = {
  start: ['stopped'],
  stop: ['running', 'degraded', 'error'],
  repair: ['error', 'degraded'],
};

/** Creates a hosted cluster and the task that brings it up; both are there or neither. */
export async function createHosted(
  world: World,
  tasks: Tasks,
  actor: Actor,
  now: number,
  project: ProjectRow,
  form: CreateForm,
): Promise<ClusterRow> {
  const { cluster, taskId } = await world.db.transaction().execute(async (tx) => {
    await checkClusterCount(tx, now);
    const spec = await specFrom(tx, form);
    const id = newId();
    await checkConnections(tx, now, { clusterId: id, before: 0, after: spec.connectLimit });
    await checkResources(tx, { clusterId: id, spec });
    const files = filesFrom(form);
    checkFiles(spec.crtType, files);
    const row: ClusterRow = {
      id,
      org_id: project.org_id,
      project_id: project.id,
      type: generationOfText(spec.image) === 4 ? 'hosted-v4' : 'hosted-v5',
      name: form.deployName,
      descr: form.desc ?? '',
      creator: actor.name,
      status: 'creating',
      reason: '',
      spec_json: JSON.stringify(spec),
      files_json: JSON.stringify(files),
      addresses_json: '[]',
      version: versionOfImage(spec.image),
      replicas: 0,
      reserved: spec.connectLimit,
      service_address: '',
      registration_hash: '',
      task_id: '',
      up_at: 0,
      created_at: now,
      updated_at: now,
    };
    await tx.insertInto('clusters').values(row).execute();
    const filename = await bringBackup(tx, actor, now, id, form);
    const change: Change = {
      spec,
      reserved: row.reserved,
      reservedBefore: row.reserved,
      statusBefore: 'creating',
      ...(filename !== undefined && { filename }),
    };
    const task = await writeTask(tx, { type: 'create', userId: actor.id, now }, row, change);
    await audit(tx, now, {
      resource: 'cluster',
      operation: 'create',
      operator: actor,
      orgId: row.org_id,
      projectId: row.project_id,
      cluster: row,
      after: { name: row.name, ...spec, files: Object.keys(files) },
    });
    return { cluster: { ...row, task_id: task.id }, taskId: task.id };
  });
  tasks.launch(taskId);
  return cluster;
}

/**
 * The backup that a new cluster begins with: an upload, or one of another cluster that the caller may edit. It is copied,
 * so that it stays with the new cluster whatever becomes of the other.
 */
async function bringBackup(
  db: Db,
  actor: Actor,
  now: number,
  id: string,
  form: CreateForm,
): Promise<string | undefined> {
  const { backupDeployId, backupFile, backupFilename } = form;
  if (backupFile) {
    const filename = backupFilename || 'uploaded-backup';
    await keepUpload(db, now, id, filename, Buffer.from(backupFile));
    return filename;
  }
  if (!backupDeployId && !backupFilename) return undefined;
  const source = await db
    .selectFrom('clusters')
    .selectAll()
    .where('id', '=', backupDeployId ?? '')
    .executeTakeFirst();
  if (!source || !mayEdit(actor, { orgId: source.org_id, projectId: source.project_id })) {
    throw new Failure('not_found', { kind: 'cluster', name: backupDeployId ?? '' });
  }
  await keepUpload(db, now, id, backupFilename ?? '', await findBackup(db, source.id, backupFilename ?? ''));
  return backupFilename;
}

/** What an operation wants to be different; `undefined` fields stay. */
export interface HostedWish {
  readonly type: Exclude<TaskType, 'create' | 'delete' | 'backup' | 'restore'>;
  readonly spec?: (db: Db, before: HostedSpec) => Promise<Partial<HostedSpec>>;
  readonly files?: CertificateForm;
}

/** Changes a hosted cluster. What is so already is accepted and done at once: a repeat does no harm. */
export function changeHosted(
  world: World,
  tasks: Tasks,
  actor: Actor,
  now: number,
  clusterId: string,
  wish: HostedWish,
): Promise<TaskRow> {
  const { type } = wish;
  let after: Change | undefined;
  const plan: NewTask['plan'] = async (tx, cluster) => {
    checkOffered(featureOf(type) ?? 'delete', cluster, world.settings.platform);
    if ((type === 'start' && usable.includes(cluster.status)) || (type === 'stop' && cluster.status === 'stopped'))
      return undefined;
    refuseInState(cluster, allowed[type] ?? usable, type);
    const before = specOf(cluster);
    const spec: HostedSpec = { ...before, ...(await wish.spec?.(tx, before)) };
    const files = wish.files ? { ...filesOf(cluster), ...filesFrom(wish.files) } : undefined;
    const unchanged = wish.spec !== undefined && JSON.stringify(spec) === JSON.stringify(before);
    if (unchanged && files === undefined) return undefined;
    if (files) checkFiles(spec.crtType, files);
    await checkConnections(tx, now, { clusterId, before: cluster.reserved, after: spec.connectLimit });
    await checkResources(tx, { clusterId, spec });
    after = {
      spec,
      reserved: spec.connectLimit,
      reservedBefore: cluster.reserved,
      statusBefore: cluster.status,
      ...(files && { files }),
    };
    return after;
  };
  return tasks.begin({
    clusterId,
    type,
    userId: actor.id,
    now,
    plan,
    audit: (cluster) => ({
      operation: type,
      operator: actor,
      before: specOf(cluster),
      after: after?.spec ?? specOf(cluster),
    }),
  });
}
