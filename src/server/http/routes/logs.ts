import type { QueryOf } from '../../../contract/endpoint.ts';
import * as api from '../../../contract/logs.ts';
import { Failure } from '../../../core/errors.ts';
import type { Level } from '../../../core/levels.ts';
import { parseLevel } from '../../../core/levels.ts';
import { visibleProjects } from '../../domain/access.ts';
import type { World } from '../../domain/world.ts';
import type { StoredRecord } from '../../logs/query.ts';
import type { LogStore } from '../../logs/store.ts';
import type { On } from '../router.ts';

type Window = Omit<QueryOf<typeof api.queryAllLogs>, never>;

export function logRoutes(on: On, { db }: World, logs: LogStore): void {
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
    const seen = visibleProjects(actor);
    let select = db.selectFrom('clusters').select('id');
    if (seen !== 'all') {
      select = select.where((eb) => eb.or([eb('org_id', 'in', seen.orgs), eb('project_id', 'in', seen.projects)]));
    }
    const rows = await select.execute();
    return page(
      rows.map((row) => row.id),
      query,
    );
  });

  async function page(clusterIds: readonly string[], query: Window, more: { cursor?: string; node?: string } = {}) {
    const { size = 100, offset = 0 } = query;
    const { total, records } = await logs.query({
      clusterIds,
      from: query.start === '' ? 0 : query.start * 1000,
      // The last second is in it to its end.
      to: query.end === '' ? Number.MAX_SAFE_INTEGER : query.end * 1000 + 999,
      level: levelOf(query.level),
      text: query.msg,
      node: more.node ?? '',
      cursor: more.cursor,
      descending: query.order === 'desc',
      size,
      offset,
    });
    return { total, size, offset, data: records.map(show) };
  }
}

function levelOf(word: string): Level {
  const level = word === '' ? 'debug' : parseLevel(word);
  if (level === undefined) throw new Failure('invalid_value', { name: 'level', reason: `"${word}" is no level` });
  return level;
}

function show({ clusterId, time, level, node, dataset, message, cursor }: StoredRecord) {
  return { time, level, msg: message, id: clusterId, category: dataset, node, clusterId, cursor };
}
