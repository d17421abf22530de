import type { TaskStatus, TaskType } from '../../contract/states.ts';
import { taskType } from '../../contract/states.ts';
import { Failure, reasonOf } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { Outcome, Progress, Provider } from '../providers/provider.ts';
import { courses } from '../providers/provider.ts';
import type { ClusterRow, TaskRow } from '../store/schema.ts';
import type { AuditEntry } from './audit.ts';
import { audit } from './audit.ts';
import type { Change } from './changes.ts';
import { jobOf, settle } from './changes.ts';
import { isHosted } from './offers.ts';
import type { Db, World } from './world.ts';

const active: readonly TaskStatus[] = ['pending', 'running'];

export interface NewTask {
  readonly clusterId: string;
  readonly type: TaskType;
  readonly userId: string;
  readonly now: number;
  /** Checks the wish against the cluster as it is in the transaction, and says what changes; undefined: nothing does. */
  readonly plan: (db: Db, cluster: ClusterRow) => Promise<Change | undefined>;
  readonly audit: (cluster: ClusterRow) => Omit<AuditEntry, 'cluster' | 'orgId' | 'projectId' | 'resource'>;
}

interface Providers {
  readonly hosted: Provider;
  readonly managed: Provider;
}

/**
 * Runs the changes of clusters: one at a time for each, written down before it begins and after each step, so that a
 * server that was killed takes every one up again.
 */
export class Tasks {
  readonly #world: World;
  readonly #providers: Providers;
  readonly #onGone: (clusterId: string, agentIds: readonly number[]) => void;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /** `onGone` hears of a cluster that was deleted, and of the agents it had. */
  constructor(world: World, providers: Providers, onGone: (clusterId: string, agentIds: readonly number[]) => void) {
    this.#world = world;
    this.#providers = providers;
    this.#onGone = onGone;
  }

  /** Accepts a change or refuses it; what is accepted is on the disk when this resolves, and runs by itself. */
  async begin(wish: NewTask): Promise<TaskRow> {
    const { db } = this.#world;
    const task = await db.transaction().execute(async (tx) => {
      const cluster = await tx.selectFrom('clusters').selectAll().where('id', '=', wish.clusterId).executeTakeFirst();
      if (!cluster) throw new Failure('not_found', { kind: 'cluster', name: wish.clusterId });
      await refuseSecond(tx, cluster.id);
      const change = await wish.plan(tx, cluster);
      const row = await writeTask(tx, wish, cluster, change);
      await audit(tx, wish.now, {
        resource: 'cluster',
        orgId: cluster.org_id,
        projectId: cluster.project_id,
        cluster,
        ...wish.audit(cluster),
      });
      return row;
    });
    if (active.includes(task.status)) this.#launch(task.id);
    return task;
  }

  /** Starts a task that a transaction of its own has written (a create brings its cluster along). */
  launch(taskId: string): void {
    this.#launch(taskId);
  }

  /** Takes up what was going on when the server ended. */
  async resume(): Promise<void> {
    const rows = await this.#world.db
      .selectFrom('tasks')
      .select('id')
      .where('status', 'in', active)
      .orderBy('created_at')
      .execute();
    for (const { id } of rows) this.#launch(id);
  }

  /** Lets go of everything that runs; it is taken up on the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the server is stopping'));
    await Promise.allSettled(this.#running);
  }

  #launch(taskId: string): void {
    const run = this.#run(taskId).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#world.log('error', `task ${taskId}: ${reasonOf(error)}`);
    });
    this.#running.add(run);
    run.finally(() => this.#running.delete(run));
  }

  async #run(taskId: string): Promise<void> {
    const { db, clock } = this.#world;
    const { signal } = this.#stop;
    const task = await db.selectFrom('tasks').selectAll().where('id', '=', taskId).executeTakeFirstOrThrow();
    const cluster = await db.selectFrom('clusters').selectAll().where('id', '=', task.cluster_id).executeTakeFirst();
    if (!cluster) return this.#finish(task, { error: 'the cluster is gone' });
    await db
      .updateTable('tasks')
      .set({ status: 'running', updated_at: clock.now() })
      .where('id', '=', taskId)
      .execute();
    const provider = isHosted(cluster) ? this.#providers.hosted : this.#providers.managed;
    let outcome: Outcome;
    try {
      const job = await jobOf(db, cluster, task);
      outcome = await provider.perform(job, (progress) => this.#report(task, progress), signal);
    } catch (error) {
      if (signal.aborted) return;
      return this.#finish(task, { error: reasonOf(error) });
    }
    await this.#finish(task, outcome);
  }

  async #report(task: TaskRow, { step, steps, text, replicas }: Progress): Promise<void> {
    const { db, clock } = this.#world;
    const now = clock.now();
    const { during } = courses[task.type];
    const status = during[Math.min(during.length - 1, Math.floor((step / steps) * during.length))];
    await db.transaction().execute(async (tx) => {
      const progress = `${Math.floor((step / steps) * 100)}% ${text}`;
      await tx.updateTable('tasks').set({ step, progress, updated_at: now }).where('id', '=', task.id).execute();
      await tx
        .updateTable('clusters')
        .set({ ...(status && { status }), ...(replicas !== undefined && { replicas }), updated_at: now })
        .where('id', '=', task.cluster_id)
        .execute();
    });
  }

  async #finish(task: TaskRow, end: Outcome | { readonly error: string }): Promise<void> {
    const { db, clock } = this.#world;
    const now = clock.now();
    const failed = 'error' in end;
    const agents = await db.selectFrom('agents').select('id').where('cluster_id', '=', task.cluster_id).execute();
    await db.transaction().execute(async (tx) => {
      await tx
        .updateTable('tasks')
        .set(
          failed
            ? { status: 'error', progress: `failed: ${end.error}`, error: end.error, updated_at: now }
            : { status: 'finished', progress: '100% done', updated_at: now },
        )
        .where('id', '=', task.id)
        .execute();
      const cluster = await tx.selectFrom('clusters').selectAll().where('id', '=', task.cluster_id).executeTakeFirst();
      if (cluster) await settle(tx, now, cluster, task, end);
    });
    if (!failed && task.type === 'delete') {
      this.#onGone(
        task.cluster_id,
        agents.map((agent) => agent.id),
      );
    }
    if (failed)
      this.#world.log('warning', `task ${task.id} (${task.type} of cluster ${task.cluster_id}): ${end.error}`);
  }
}

async function refuseSecond(db: Db, clusterId: string): Promise<void> {
  const other = await db
    .selectFrom('tasks')
    .select(['id', 'type'])
    .where('cluster_id', '=', clusterId)
    .where('status', 'in', active)
    .executeTakeFirst();
  if (!other) return;
  const name = taskType.rows.find((row) => row.key === other.type)?.name.en ?? other.type;
  throw new Failure('conflict', {
    reason: `a task is running on this cluster: ${name} (task ${other.id}); wait for it`,
  });
}

/** Writes the task, and the cluster as it is from now on; without a change a task that is done already. */
export async function writeTask(
  db: Db,
  wish: Pick<NewTask, 'type' | 'userId' | 'now'>,
  cluster: ClusterRow,
  change: Change | undefined,
): Promise<TaskRow> {
  const task: TaskRow = {
    id: newId(),
    cluster_id: cluster.id,
    org_id: cluster.org_id,
    project_id: cluster.project_id,
    type: wish.type,
    status: change ? 'pending' : 'finished',
    progress: change ? '0% accepted' : '100% nothing to change',
    user_id: wish.userId,
    change_json: JSON.stringify(change ?? {}),
    step: 0,
    error: '',
    created_at: wish.now,
    updated_at: wish.now,
  };
  await db.insertInto('tasks').values(task).execute();
  const [status] = change ? courses[wish.type].during : [];
  await db
    .updateTable('clusters')
    .set({
      task_id: task.id,
      updated_at: wish.now,
      ...(change && { reserved: Math.max(cluster.reserved, change.reserved), reason: '' }),
      ...(status && isHosted(cluster) && { status }),
      ...(change && wish.type === 'delete' && !isHosted(cluster) && { status: 'deleting' as const }),
    })
    .where('id', '=', cluster.id)
    .execute();
  return task;
}
