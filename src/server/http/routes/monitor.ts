import type { FastifyInstance } from 'fastify';
import * as api from '../../../contract/monitor.ts';
import { Failure } from '../../../core/errors.ts';
import type { Actor } from '../../domain/access.ts';
import { mayView, visibleProjects } from '../../domain/access.ts';
import type { SeenCluster } from '../../domain/clusters.ts';
import { withAgents } from '../../domain/clusters.ts';
import type { World } from '../../domain/world.ts';
import type { LogStore } from '../../logs/store.ts';
import type { Known } from '../../monitor/figures.ts';
import { figuresOf, instanceOf } from '../../monitor/figures.ts';
import type { History } from '../../monitor/history.ts';
import { prometheusText } from '../../monitor/prometheus.ts';
import type { Telemetries } from '../../monitor/telemetry.ts';
import type { ClusterRow } from '../../store/schema.ts';
import type { On } from '../router.ts';
import { scrapedBy } from '../scrape.ts';

const hour = 3_600_000;

export function monitorRoutes(
  on: On,
  app: FastifyInstance,
  world: World,
  { telemetries, history }: { readonly telemetries: Telemetries; readonly history: History },
  logs: Pick<LogStore, 'isUp'>,
): void {
  const { db } = world;
  const known = (now: number): Known => ({ world, telemetries, now });

  on(api.monitorProject, 'project.view', async ({ project, query, now }) => {
    const { size = 100, offset = 0, sort, order } = query;
    const rows = await db
      .selectFrom('clusters')
      .selectAll()
      .where('project_id', '=', project.id)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    const all = await instances(rows, now);
    const by = sorters[sort ?? ''];
    if (by) all.sort(by);
    if (order === 'desc') all.reverse();
    const members = await db.selectFrom('members').select('user_id').where('project_id', '=', project.id).execute();
    return {
      total: all.length,
      size,
      offset,
      clusterCount: all.length,
      userCount: members.length,
      instance: all.slice(offset, offset + size),
    };
  });

  on(api.monitorDeployment, 'self', async ({ actor, params, now }) => {
    const [seen] = await withAgents(db, [await find(actor, params.clusterId)]);
    const cluster = seen as SeenCluster;
    return figuresOf(known(now), cluster, (await progressOf([cluster.row])).get(cluster.row.id) ?? '');
  });

  on(api.monitorHistory, 'self', async ({ actor, params, query, now }) => {
    const { id } = await find(actor, params.clusterId);
    const to = query.end === undefined ? now : query.end * 1000;
    return history.read(id, now, query.start === undefined ? to - hour : query.start * 1000, to);
  });

  app.get('/metrics', async (request, reply) => {
    const actor = await scrapedBy(world, request);
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    const platform = actor.admin ? { logsUp: logs.isUp() } : undefined;
    return prometheusText(known(world.clock.now()), await withAgents(db, await visible(actor)), platform);
  });

  /** What the cluster's own exporter says, as it came. */
  app.get('/metrics/clusters/:clusterId', async (request, reply) => {
    const actor = await scrapedBy(world, request);
    const { clusterId } = request.params as { clusterId: string };
    const { id } = await find(actor, clusterId);
    const text = telemetries.ofCluster(id, world.clock.now())?.telemetry.exporter;
    if (text === undefined) throw new Failure('not_found', { kind: 'exporter of cluster', name: clusterId });
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return text;
  });

  async function instances(rows: readonly ClusterRow[], now: number) {
    const progress = await progressOf(rows);
    return (await withAgents(db, rows)).map((seen) => instanceOf(known(now), seen, progress.get(seen.row.id) ?? ''));
  }

  /** The progress of each cluster's last task. */
  async function progressOf(rows: readonly ClusterRow[]): Promise<Map<string, string>> {
    const ids = rows.map((row) => row.task_id).filter((id) => id !== '');
    if (ids.length === 0) return new Map();
    const tasks = await db.selectFrom('tasks').select(['cluster_id', 'progress']).where('id', 'in', ids).execute();
    return new Map(tasks.map((task) => [task.cluster_id, task.progress]));
  }

  async function find(actor: Actor, clusterId: string): Promise<ClusterRow> {
    const row = await db.selectFrom('clusters').selectAll().where('id', '=', clusterId).executeTakeFirst();
    if (row && mayView(actor, { orgId: row.org_id, projectId: row.project_id })) return row;
    throw new Failure('not_found', { kind: 'cluster', name: clusterId });
  }

  async function visible(actor: Actor): Promise<ClusterRow[]> {
    const seen = visibleProjects(actor);
    const select = db.selectFrom('clusters').selectAll().orderBy('created_at').orderBy('id');
    if (seen === 'all') return select.execute();
    return select
      .where((eb) => eb.or([eb('org_id', 'in', seen.orgs), eb('project_id', 'in', seen.projects)]))
      .execute();
  }
}

type Sorter = (a: { name: string; connectCount: number; status: number }, b: typeof a) => number;

/** The names that `sort` takes are not published; these are fields of the answer. */
const sorters: Readonly<Record<string, Sorter | undefined>> = {
  name: (a, b) => a.name.localeCompare(b.name),
  connectCount: (a, b) => a.connectCount - b.connectCount,
  status: (a, b) => a.status - b.status,
};
