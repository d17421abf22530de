import { type Kysely, type Migration, sql } from 'kysely';

type Steps = readonly string[];

/**
 * Every change of the schema, in order, by number; what was released is never edited. `test/server/migrations.test.ts`
 * starts from each.
 */
const steps: Readonly<Record<string, Steps>> = {
  '001': [
    'CREATE TABLE settings (name TEXT PRIMARY KEY, value_json TEXT NOT NULL) STRICT',
    `CREATE TABLE users (
      id TEXT PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE, email TEXT NOT NULL COLLATE NOCASE,
      mobile TEXT NOT NULL, password TEXT NOT NULL, admin INTEGER NOT NULL, enabled INTEGER NOT NULL,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, login_at INTEGER NOT NULL) STRICT`,
    `CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> ''`,
    `CREATE TABLE sessions (
      id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX sessions_user ON sessions (user_id, created_at)',
    `CREATE TABLE tokens (
      hash TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      kind TEXT NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX tokens_session ON tokens (session_id)',
    'CREATE INDEX tokens_expiry ON tokens (expires_at)',
    `CREATE TABLE orgs (
      id TEXT PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE, created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL) STRICT`,
    `CREATE TABLE projects (
      id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES orgs (id), name TEXT NOT NULL COLLATE NOCASE,
      creator TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, UNIQUE (org_id, name)) STRICT`,
    `CREATE TABLE members (
      user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      org_id TEXT NOT NULL REFERENCES orgs (id) ON DELETE CASCADE, project_id TEXT NOT NULL, role TEXT NOT NULL,
      created_at INTEGER NOT NULL, PRIMARY KEY (user_id, org_id, project_id)) STRICT`,
    'CREATE INDEX members_scope ON members (org_id, project_id)',
    `CREATE TABLE clusters (
      id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES orgs (id), project_id TEXT NOT NULL REFERENCES projects (id),
      type TEXT NOT NULL, name TEXT NOT NULL, descr TEXT NOT NULL, creator TEXT NOT NULL, status TEXT NOT NULL,
      reason TEXT NOT NULL, spec_json TEXT NOT NULL, files_json TEXT NOT NULL, addresses_json TEXT NOT NULL,
      version TEXT NOT NULL, replicas INTEGER NOT NULL, reserved INTEGER NOT NULL,
      service_address TEXT NOT NULL, registration_hash TEXT NOT NULL,
      task_id TEXT NOT NULL, up_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX clusters_project ON clusters (project_id, created_at)',
    `CREATE UNIQUE INDEX clusters_registration ON clusters (registration_hash) WHERE registration_hash <> ''`,
    // AUTOINCREMENT: credentials are derived from the id, so an id must never come back.
    `CREATE TABLE agents (
      id INTEGER PRIMARY KEY AUTOINCREMENT, cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
      node_id TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE, version TEXT NOT NULL, dashboard INTEGER NOT NULL,
      nodes_json TEXT NOT NULL, errors_json TEXT NOT NULL, objection TEXT NOT NULL, reported_at INTEGER NOT NULL,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX agents_cluster ON agents (cluster_id)',
    `CREATE TABLE tasks (
      id TEXT PRIMARY KEY, cluster_id TEXT NOT NULL, org_id TEXT NOT NULL, project_id TEXT NOT NULL,
      type TEXT NOT NULL, status TEXT NOT NULL, progress TEXT NOT NULL, user_id TEXT NOT NULL,
      change_json TEXT NOT NULL, step INTEGER NOT NULL, error TEXT NOT NULL, created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL) STRICT`,
    // The rule "one task at a time per cluster", kept by the store itself.
    `CREATE UNIQUE INDEX tasks_active ON tasks (cluster_id) WHERE status IN ('pending', 'running')`,
    `CREATE TABLE backups (
      cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE, filename TEXT NOT NULL, node TEXT NOT NULL,
      content BLOB NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (cluster_id, filename)) STRICT`,
    `CREATE TABLE backup_schedules (
      id INTEGER PRIMARY KEY AUTOINCREMENT, cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
      schedule_type TEXT NOT NULL, status TEXT NOT NULL, type INTEGER NOT NULL, up_at INTEGER NOT NULL,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT`,
    `CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT, resource TEXT NOT NULL, operation TEXT NOT NULL,
      operator_id TEXT NOT NULL, operator_name TEXT NOT NULL, user_id TEXT NOT NULL, user_name TEXT NOT NULL,
      org_id TEXT NOT NULL, org_name TEXT NOT NULL, project_id TEXT NOT NULL, project_name TEXT NOT NULL,
      cluster_id TEXT NOT NULL, cluster_name TEXT NOT NULL, metadata_json TEXT NOT NULL,
      created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX audit_time ON audit (created_at)',
  ],
  '002': [
    `CREATE TABLE history (
      cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE, step INTEGER NOT NULL, time INTEGER NOT NULL,
      samples INTEGER NOT NULL, connections INTEGER NOT NULL, peak INTEGER NOT NULL, subscriptions INTEGER NOT NULL,
      topics INTEGER NOT NULL, received REAL NOT NULL, sent REAL NOT NULL, dropped REAL NOT NULL,
      PRIMARY KEY (cluster_id, step, time)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX history_time ON history (step, time)',
    `CREATE TABLE alarms (
      id INTEGER PRIMARY KEY AUTOINCREMENT, condition TEXT NOT NULL, org_id TEXT NOT NULL, project_id TEXT NOT NULL,
      cluster_id TEXT NOT NULL, name TEXT NOT NULL, message TEXT NOT NULL, severity TEXT NOT NULL,
      resource_type TEXT NOT NULL, resource_id TEXT NOT NULL, resource_name TEXT NOT NULL,
      starts_at INTEGER NOT NULL, absent_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
      notified_at INTEGER NOT NULL, held INTEGER NOT NULL) STRICT`,
    'CREATE UNIQUE INDEX alarms_active ON alarms (condition, project_id) WHERE ends_at = 0',
    'CREATE INDEX alarms_condition ON alarms (condition, project_id, notified_at)',
    'CREATE INDEX alarms_project ON alarms (project_id, starts_at)',
    `CREATE TABLE alarm_settings (
      project_id TEXT PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE, value_json TEXT NOT NULL) STRICT`,
    `CREATE TABLE notices (
      id INTEGER PRIMARY KEY AUTOINCREMENT, project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
      way TEXT NOT NULL, content_json TEXT NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL,
      created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX notices_due ON notices (next_at)',
  ],
};

function migration(statements: Steps): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}

export const migrations: Readonly<Record<string, Migration>> = Object.fromEntries(
  Object.entries(steps).map(([number, statements]) => [number, migration(statements)]),
);
