import type { Kysely } from 'kysely';
import type { AuditOperation, AuditResource } from '../../contract/states.ts';
import { redactValue } from '../../core/redact.ts';
import type { Tables } from '../store/schema.ts';

/** Who did it: a user, or an agent by the name of its cluster; and from where. */
export interface Operator {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

export interface AuditEntry {
  readonly resource: AuditResource;
  readonly operation: AuditOperation;
  readonly operator: Operator;
  /** The account that was changed, where one was. */
  readonly user?: { readonly id: string; readonly name: string };
  readonly orgId?: string;
  readonly projectId?: string;
  readonly cluster?: { readonly id: string; readonly name: string };
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * Writes one entry, in the transaction of the change it tells of, so that neither is there without the other. Names are
 * kept as they are now: what is deleted later stays readable. Secrets are masked.
 */
export async function audit(db: Kysely<Tables>, now: number, entry: AuditEntry): Promise<void> {
  const { operator, user, orgId = '', projectId = '', cluster } = entry;
  const org = orgId && (await db.selectFrom('orgs').select('name').where('id', '=', orgId).executeTakeFirst());
  const project =
    projectId && (await db.selectFrom('projects').select('name').where('id', '=', projectId).executeTakeFirst());
  await db
    .insertInto('audit')
    .values({
      resource: entry.resource,
      operation: entry.operation,
      operator_id: operator.id,
      operator_name: operator.name,
      user_id: user?.id ?? '',
      user_name: user?.name ?? '',
      org_id: orgId,
      org_name: org ? org.name : '',
      project_id: projectId,
      project_name: project ? project.name : '',
      cluster_id: cluster?.id ?? '',
      cluster_name: cluster?.name ?? '',
      metadata_json: JSON.stringify(
        redactValue({ before: entry.before, after: entry.after, address: operator.address }),
      ),
      created_at: now,
    })
    .execute();
}
