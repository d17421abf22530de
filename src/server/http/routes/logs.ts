import { testEsTarget } from '../../../contract/configuration.ts';
import type { QueryOf } from '../../../contract/endpoint.ts';
import * as api from '../../../contract/logs.ts';
import { isOneOf, serviceType } from '../../../contract/states.ts';
import { Failure } from '../../../core/errors.ts';
import type { Level } from '../../../core/levels.ts';
import { isAtLeast, parseLevel } from '../../../core/levels.ts';
import type { Actor } from '../../domain/access.ts';
import { visibleProjects } from '../../domain/access.ts';
import type { World } from '../../domain/world.ts';
import type { PlatformLog } from '../../logs/platform.ts';
import type { StoredRecord } from '../../logs/query.ts';
import type { LogStore } from '../../logs/store.ts';
import { tryTarget } from '../../logs/target.ts';
import type { On } from '../router.ts';

type Window = Omit<QueryOf<typeof api.queryAllLogs>, never>;

export function logRoutes(on: On, { db }: World, logs: LogStore, platform: PlatformLog): void {
  on(api.queryLogs, 'project.view', async ({ project, query }) => {
    const rows = await db.selectFrom('clusters').select('id').where('project_id', '=', project.id).execute();
    const ids = rows.map((row) => row.id);
    const clusterIds = query.clusterId ? ids.filter((id) => id === query.clusterId) : ids;
    if (query.clusterId && clusterIds.length === 0) {
      throw new Failure('not_found', { kind: 'cluster', name: query.clusterId });
    }
    return page(clusterIds, query, query);
  });

  on(api.queryAllLogs, 'self', async ({ actor, query }) => {
    const rows = await clustersSeenBy(actor);
    return page(
      rows.map((row) => row.id),
      query,
    );
  });

  on(api.queryPlatformLogs, 'system', ({ query }) => {
    const { size = 100, offset = 0 } = query;
    const { from, to, level, text } = windowOf(query);
    const found = platform.lines.filter(
      (line) =>
        line.time >= from &&
        line.time <= to &&
        isAtLeast(line.level, level) &&
        line.message.toLowerCase().includes(text.toLowerCase()),
    );
    if (query.order === 'desc') found.reverse();
    const data = found
      .slice(offset, offset + size)
      .map(({ time, level: own, message }) => ({ time, level: own, msg: message, id: 'ecp', category: 'ecp' }));
    return { total: found.length, size, offset, data };
  });

  on(api.getLogNames, 'self', async ({ actor, query }) => {
    const data: Record<string, Record<string, Record<string, string>[]>[]> = {};
    if (query.serviceType !== '' && !isOneOf(serviceType, query.serviceType, 'emqx')) return { data };
    for (const { id, name, org_id: org, project_id: project } of await clustersSeenBy(actor)) {
      data[org] ??= [{}];
      const projects = data[org][0] as Record<string, Record<string, string>[]>;
      projects[project] ??= [];
      projects[project].push({ [id]: name });
    }
    return { data };
  });

  on(testEsTarget, 'system', ({ body }) => tryTarget(body.url, body.username, body.password));

  function clustersSeenBy(actor: Actor) {
    const seen = visibleProjects(actor);
    const select = db.selectFrom('clusters').select(['id', 'name', 'org_id', 'project_id']);
    if (seen === 'all') return select.execute();
    return select
      .where((eb) => eb.or([eb('org_id', 'in', seen.orgs), eb('project_id', 'in', seen.projects)]))
      .execute();
  }

  async function page(clusterIds: readonly string[], query: Window, more: { cursor?: string; node?: string } = {}) {
    const { size = 100, offset = 0 } = query;
    const { total, records } = await logs.query({
      clusterIds,
      ...windowOf(query),
      node: more.node ?? '',
      cursor: more.cursor,
      descending: query.order === 'desc',
      size,
      offset,
    });
    return { total, size, offset, data: records.map(show) };
  }
}

/** Seconds as milliseconds; empty is no bound. */
function windowOf({ start, end, level, msg }: Window) {
  return {
    from: start === '' ? 0 : start * 1000,
    // The last second is in it to its end.
    to: end === '' ? Number.MAX_SAFE_INTEGER : end * 1000 + 999,
    level: levelOf(level),
    text: msg,
  };
}

function levelOf(word: string): Level {
  const level = word === '' ? 'debug' : parseLevel(word);
  if (level === undefined) throw new Failure('invalid_value', { name: 'level', reason: `"${word}" is no level` });
  return level;
}

function show({ clusterId, time, level, node, dataset, message, cursor }: StoredRecord) {
  return { time, level, msg: message, id: clusterId, category: dataset, node, clusterId, cursor };
}
