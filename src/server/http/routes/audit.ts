import { listAudit } from '../../../contract/audit.ts';
import { auditOperation, auditResource, numberOf } from '../../../contract/states.ts';
import { apiTime } from '../../domain/times.ts';
import type { World } from '../../domain/world.ts';
import type { AuditRow } from '../../store/schema.ts';
import type { On } from '../router.ts';

export function auditRoutes(on: On, { db }: World): void {
  /** System administrators read all of it, others what happened where they are administrators, and what they did. */
  on(listAudit, 'self', async ({ actor, query }) => {
    let select = db.selectFrom('audit');
    if (!actor.admin) {
      const orgs = actor.grants.filter((grant) => grant.role === 'org-admin').map((grant) => grant.org_id);
      const projects = actor.grants.filter((grant) => grant.role === 'project-admin').map((grant) => grant.project_id);
      select = select.where((eb) =>
        eb.or([eb('org_id', 'in', orgs), eb('project_id', 'in', projects), eb('operator_id', '=', actor.id)]),
      );
    }
    if (query.since !== '') select = select.where('created_at', '>=', query.since * 1000);
    if (query.until !== '') select = select.where('created_at', '<', (query.until + 1) * 1000);
    const { resource, operation } = query;
    if (typeof resource === 'number') select = select.where('resource', '=', keyOf(auditResource, resource));
    if (typeof operation === 'number') select = select.where('operation', '=', keyOf(auditOperation, operation));
    const texts = [
      ['operator_id', query.operatorId],
      ['operator_name', query.operatorName],
      ['org_id', query.orgId],
      ['project_id', query.projectId],
      ['cluster_id', query.clusterId],
    ] as const;
    for (const [column, value] of texts) if (value) select = select.where(column, '=', value);
    // Edge services are not offered, so none has ever done anything.
    if (query.edgeServiceId) select = select.where('id', '<', 0);
    const { total } = await select.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
    const rows = await select
      .selectAll()
      .orderBy('id', 'desc')
      .limit(query.size ?? 10)
      .offset(query.offset)
      .execute();
    return { total, data: rows.map(show) };
  });
}

/** The key of a number; of an unknown one a key that no row has. */
function keyOf<Key extends string>(table: { byNumber: ReadonlyMap<number, { key: Key }> }, number: number): Key {
  return table.byNumber.get(number)?.key ?? ('' as Key);
}

function show(row: AuditRow) {
  return {
    id: row.id,
    resource: numberOf(auditResource, row.resource),
    operation: numberOf(auditOperation, row.operation),
    operatorId: row.operator_id,
    operatorName: row.operator_name,
    userId: row.user_id,
    userName: row.user_name,
    orgId: row.org_id,
    orgName: row.org_name,
    projectId: row.project_id,
    projectName: row.project_name,
    clusterId: row.cluster_id,
    clusterName: row.cluster_name,
    edgeServiceId: '',
    edgeServiceName: '',
    metadata: row.metadata_json,
    createdAt: apiTime(row.created_at),
  };
}
