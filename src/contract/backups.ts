import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, DeploymentPlace, inProject, ProjectPlace, Small, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

const backups = `${inProject}/backups`;
const Said = Type.Object({ msg: Type.String() });
const FilePlace = Type.Object({ ...DeploymentPlace.properties, filename: Type.String({ minLength: 1 }) });
const NameMap = Type.Record(Type.String(), Type.String());

export const backUpNow = endpoint({
  method: 'POST',
  path: `${backups}/{clusterId}`,
  caller: 'user',
  params: DeploymentPlace,
  answer: Said,
});

/** `created_at` is a text of unpublished form; our server writes RFC 3339. */
export const Backup = Type.Object({
  filename: Type.String(),
  node: Type.String(),
  size: Count,
  created_at: Type.String(),
});
export type Backup = Static<typeof Backup>;

/** `data` is by deployment id. */
export const listBackups = endpoint({
  method: 'POST',
  path: `${backups}/list`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({ deploy_ids: Type.Array(Type.String(), { maxItems: 1000 }) }),
  bodyKind: 'json',
  answer: Type.Object({
    data: Type.Record(Type.String(), Type.Object({ code: Type.Integer(), data: Type.Array(Backup) })),
    deploy_id_name_map: NameMap,
    errors: Type.Array(Type.String()),
  }),
  repeatable: true,
});

/** `schedule_type` and `status` are numbers of `states.ts`. */
export const BackupTask = Type.Object({
  id: Count,
  deploy_id: Type.String(),
  up_time: Time,
  schedule_type: Type.Optional(Small),
  status: Type.Optional(Small),
  type: Type.Optional(Small),
  created_at: Time,
  updated_at: Time,
});
export type BackupTask = Static<typeof BackupTask>;

/** `data` is by deployment id. */
export const listBackupTasks = endpoint({
  method: 'GET',
  path: `${backups}/task`,
  caller: 'user',
  params: ProjectPlace,
  answer: Type.Object({
    data: Type.Record(Type.String(), Type.Array(BackupTask)),
    deploy_id_name_map: NameMap,
  }),
});

/** `errors` of the answer is by deployment id. */
export const createBackupTask = endpoint({
  method: 'POST',
  path: `${backups}/task`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({
    deploy_id_list: Type.Array(Type.String(), { maxItems: 1000 }),
    /** Seconds since the epoch. */
    up_time: Type.Integer(),
    schedule_type: Type.Optional(Small),
    status: Type.Optional(Small),
    type: Type.Optional(Small),
  }),
  bodyKind: 'json',
  answer: Type.Object({ errors: NameMap }),
});

export const deleteBackupTask = endpoint({
  method: 'DELETE',
  path: `${backups}/task/{task_id}`,
  caller: 'user',
  params: Type.Object({ ...ProjectPlace.properties, task_id: Type.Integer({ minimum: 1 }) }),
  answer: Type.Object({ errors: Type.String() }),
  repeatable: true,
});

export const importBackup = endpoint({
  method: 'POST',
  path: `${backups}/{clusterId}/import`,
  caller: 'user',
  params: DeploymentPlace,
  body: Type.Object({ filename: Type.String(), node: Type.String() }),
  bodyKind: 'json',
  answer: Said,
});

export const downloadBackup = endpoint({
  method: 'GET',
  path: `${backups}/{clusterId}/download/{filename}`,
  caller: 'user',
  params: FilePlace,
  answerKind: 'bytes',
});

export const deleteBackup = endpoint({
  method: 'DELETE',
  path: `${backups}/deployments/{clusterId}/{filename}`,
  caller: 'user',
  params: FilePlace,
  answer: Said,
  repeatable: true,
});

/**
 * The 0 stands in the path as it is, and the published call does not say which cluster it restores: ours is named in
 * the body. How `file` holds bytes is not published either: base64 here.
 */
export const uploadBackup = endpoint({
  method: 'POST',
  path: `${backups}/0/upload_import`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({ filename: Type.String(), file: Type.String(), xDeployId: Type.Optional(Type.String()) }),
  bodyKind: 'json',
  answer: Said,
});
