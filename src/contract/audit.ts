import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, OrEmpty, paging, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/**
 * Who did what to what. `resource` and `operation` are numbers of `states.ts`; `metadata` is a text, JSON from our
 * server: `{before, after, address}` with secrets masked.
 */
export const AuditEntry = Type.Object({
  id: Count,
  resource: Type.Integer(),
  operation: Type.Integer(),
  operatorId: Type.String(),
  operatorName: Type.String(),
  userId: Type.String(),
  userName: Type.String(),
  orgId: Type.String(),
  orgName: Type.String(),
  projectId: Type.String(),
  projectName: Type.String(),
  clusterId: Type.String(),
  clusterName: Type.String(),
  edgeServiceId: Type.String(),
  edgeServiceName: Type.String(),
  metadata: Type.String(),
  createdAt: Time,
});
export type AuditEntry = Static<typeof AuditEntry>;

const word = Type.Optional(Type.String());
const number = Type.Optional(OrEmpty(Type.Integer()));

export const listAudit = endpoint({
  method: 'GET',
  path: '/api/audit/operations',
  caller: 'user',
  query: Type.Object({
    /** Seconds since the epoch. */
    since: OrEmpty(Count),
    /** Seconds since the epoch. */
    until: OrEmpty(Count),
    resource: number,
    operation: number,
    operatorId: word,
    operatorName: word,
    orgId: word,
    projectId: word,
    clusterId: word,
    edgeServiceId: word,
    size: paging(100).size,
    offset: Type.Integer({ minimum: 0 }),
  }),
  answer: Type.Object({ total: Count, data: Type.Array(AuditEntry) }),
});
