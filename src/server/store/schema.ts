import type { Generated, Selectable } from 'kysely';
import type {
  AlarmResource,
  AlarmSeverity,
  AuditOperation,
  AuditResource,
  BackupSchedule,
  BackupStatus,
  ClusterStatus,
  ClusterType,
  Role,
  TaskStatus,
  TaskType,
} from '../../contract/states.ts';

/**
 * Columns hold milliseconds for times (0: never), JSON text where a name ends in `_json`, 0 or 1 for yes and no, and the
 * keys of `contract/states.ts` for states: their numbers belong to the wire alone.
 */
export interface Tables {
  settings: { name: string; value_json: string };
  users: UserRow;
  sessions: { id: string; user_id: string; created_at: number };
  tokens: {
    /** SHA-256 of the token; the token itself is stored nowhere. */
    hash: string;
    session_id: string;
    kind: 'access' | 'refresh';
    expires_at: number;
    /** When a refresh token was exchanged; 0 while it has not been. */
    used_at: number;
  };
  orgs: OrgRow;
  projects: ProjectRow;
  /** `project_id` is empty for a role in the whole organization. */
  members: MemberRow;
  clusters: ClusterRow;
  agents: AgentTable;
  tasks: TaskRow;
  backups: BackupRow;
  backup_schedules: BackupScheduleTable;
  audit: AuditTable;
  history: HistoryRow;
  alarms: AlarmTable;
  alarm_settings: { project_id: string; value_json: string };
  notices: NoticeTable;
}

export type AlarmRow = Selectable<AlarmTable>;
export interface AlarmTable {
  id: Generated<number>;
  /** What is the case; one alarm at a time for each condition of a project. */
  condition: string;
  org_id: string;
  project_id: string;
  cluster_id: string;
  name: string;
  message: string;
  severity: AlarmSeverity;
  resource_type: AlarmResource;
  resource_id: string;
  resource_name: string;
  starts_at: number;
  /** Since when it is no longer the case; 0 while it is. */
  absent_at: number;
  /** 0 while it is active. */
  ends_at: number;
  /** When somebody was last told; 0: nobody yet. */
  notified_at: number;
  /** 1: a storm kept it back, it will be told of in the summary. */
  held: number;
}

/** A message on its way to people. */
export type NoticeRow = Selectable<NoticeTable>;
export interface NoticeTable {
  id: Generated<number>;
  project_id: string;
  way: 'email' | 'webhook';
  content_json: string;
  attempts: number;
  next_at: number;
  created_at: number;
}

/** Sums over `samples` samples, but for `peak`; `step` in seconds, `time` in milliseconds. */
export interface HistoryRow {
  cluster_id: string;
  step: number;
  time: number;
  samples: number;
  connections: number;
  peak: number;
  subscriptions: number;
  topics: number;
  received: number;
  sent: number;
  dropped: number;
}

export interface UserRow {
  id: string;
  /** Unique without regard to case; what people log in with, beside the email. */
  name: string;
  email: string;
  mobile: string;
  password: string;
  admin: number;
  enabled: number;
  created_at: number;
  updated_at: number;
  login_at: number;
}

export interface MemberRow {
  user_id: string;
  org_id: string;
  project_id: string;
  role: Role;
  created_at: number;
}

export interface OrgRow {
  id: string;
  name: string;
  created_at: number;
  updated_at: number;
}

export interface ProjectRow {
  id: string;
  org_id: string;
  name: string;
  creator: string;
  created_at: number;
  updated_at: number;
}

export interface ClusterRow {
  id: string;
  org_id: string;
  project_id: string;
  type: ClusterType;
  name: string;
  descr: string;
  creator: string;
  /** Hosted: the state as of the last step. Managed: only `deleting` counts, the rest follows from the reports. */
  status: ClusterStatus;
  /** Why the state is what it is; empty where there is nothing to say. */
  reason: string;
  /** Hosted: what is asked for (`HostedSpec`). */
  spec_json: string;
  /** Hosted: certificates and EMQX license that were uploaded, by form field. */
  files_json: string;
  /** Hosted: where clients reach it. */
  addresses_json: string;
  /** EMQX's version: of the image, or as reported. */
  version: string;
  /** Hosted: nodes that run. */
  replicas: number;
  /** Connections taken from the license. */
  reserved: number;
  service_address: string;
  /** SHA-256 of the registration token, which itself is derived from the server's key and the id. */
  registration_hash: string;
  /** The last task. */
  task_id: string;
  up_at: number;
  created_at: number;
  updated_at: number;
}

export type AgentRow = Selectable<AgentTable>;
export interface AgentTable {
  id: Generated<number>;
  cluster_id: string;
  node_id: string;
  token_hash: string;
  version: string;
  dashboard: number;
  /** The last report's nodes of the EMQX cluster. */
  nodes_json: string;
  /** The last report's errors by field name. */
  errors_json: string;
  /** What the server itself holds against this agent: a version too old, a cluster under two entries. */
  objection: string;
  reported_at: number;
  created_at: number;
  updated_at: number;
}

export interface TaskRow {
  id: string;
  cluster_id: string;
  org_id: string;
  project_id: string;
  type: TaskType;
  status: TaskStatus;
  progress: string;
  user_id: string;
  /** What the task changes; read again when a task is resumed. */
  change_json: string;
  /** Steps done. */
  step: number;
  error: string;
  created_at: number;
  updated_at: number;
}

export interface BackupRow {
  cluster_id: string;
  filename: string;
  node: string;
  content: Uint8Array;
  created_at: number;
}

export type BackupScheduleRow = Selectable<BackupScheduleTable>;
export interface BackupScheduleTable {
  id: Generated<number>;
  cluster_id: string;
  schedule_type: BackupSchedule;
  status: BackupStatus;
  type: number;
  up_at: number;
  created_at: number;
  updated_at: number;
}

export type AuditRow = Selectable<AuditTable>;
export interface AuditTable {
  id: Generated<number>;
  resource: AuditResource;
  operation: AuditOperation;
  operator_id: string;
  operator_name: string;
  user_id: string;
  user_name: string;
  org_id: string;
  org_name: string;
  project_id: string;
  project_name: string;
  cluster_id: string;
  cluster_name: string;
  metadata_json: string;
  created_at: number;
}
