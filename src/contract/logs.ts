import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, Id, OrEmpty, pageFields, paging, Small, sorting } from './common.ts';
import { endpoint } from './endpoint.ts';

/**
 * One record. `time` is an integer of unpublished unit (`epochToMs` reads it; our server sends milliseconds); `id` is
 * no record id as far as is known: never deduplicate on it (ecp.md section 2).
 */
export const LogRecord = Type.Object({
  time: Type.Integer(),
  level: Type.String(),
  msg: Type.String(),
  id: Type.String(),
  category: Type.String(),
  /** Ours: the EMQX node the record comes from. */
  node: Type.Optional(Type.String()),
  /** Ours. */
  clusterId: Type.Optional(Type.String()),
  /** Ours: opaque; a query with it goes on right after this record, in order of arrival. */
  cursor: Type.Optional(Type.String()),
});
export type LogRecord = Static<typeof LogRecord>;

export const LogPage = Type.Object({ ...pageFields, data: Type.Array(LogRecord) });
export type LogPage = Static<typeof LogPage>;

const windowFields = {
  /** Seconds since the epoch. */
  start: OrEmpty(Count),
  /** Seconds since the epoch. */
  end: OrEmpty(Count),
  /** Our server: this level or worse, empty for all. ECP's own meaning is not published: filter again. */
  level: Type.String(),
  /** Our server: a substring in any case. */
  msg: Type.String(),
  ...paging(100, 100),
  ...sorting,
};

export const queryLogs = endpoint({
  method: 'GET',
  path: '/api/elastic/document/{orgId}/{projectId}/emqx',
  caller: 'user',
  params: Type.Object({ orgId: Id, projectId: Id }),
  query: Type.Object({
    clusterId: Type.Optional(Type.String()),
    ...windowFields,
    /** Ours, ignored by a server without it. */
    cursor: Type.Optional(Type.String({ maxLength: 256 })),
    /** Ours, ignored by a server without it. */
    node: Type.Optional(Type.String({ maxLength: 256 })),
  }),
  answer: LogPage,
});

/** ECP's own log. */
export const queryPlatformLogs = endpoint({
  method: 'GET',
  path: '/api/elastic/docs/antares',
  caller: 'user',
  query: Type.Object(windowFields),
  answer: LogPage,
});

/** Logs of all products. */
export const queryAllLogs = endpoint({
  method: 'GET',
  path: '/api/elastic/docs/all',
  caller: 'user',
  query: Type.Object(windowFields),
  answer: LogPage,
});

/** Names of services by organization and project: organization id -> [{project id -> [{service id -> name}]}]. */
export const getLogNames = endpoint({
  method: 'GET',
  path: '/api/elastic/docs/name-id-map',
  caller: 'user',
  query: Type.Object({ serviceType: OrEmpty(Small) }),
  answer: Type.Object({
    data: Type.Record(
      Type.String(),
      Type.Array(Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Type.String())))),
    ),
  }),
});
