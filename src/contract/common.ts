import type { Static, TLiteral, TSchema, TUnion } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

/** Where everything of a project lives; the prefix most paths share. */
export const inProject = '/api/orgs/{orgId}/projects/{projectId}';

/** An id in a path: organization, project, mostly cluster; at least 8 characters (ecp.md section 1). */
export const Id = Type.String({ minLength: 8 });

/** Ids that our server makes (ours.md, Server); ECP's own look different, so only the server checks with it. */
export const ownIdPattern = /^[a-z0-9]{12}$/;

/** RFC 3339 with up to nanoseconds, as Go's `time.Time` is written (ecp.md section 1). A pattern, because every validator knows it. */
export const Time = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
});

/** What ECP sends for "never": Go's zero time. */
export const never = '0001-01-01T00:00:00Z';

export const Count = Type.Integer({ minimum: 0 });

/** Go's `uint8`: states, types and other small numbers whose names are in `states.ts`. */
export const Small = Type.Integer({ minimum: 0, maximum: 255 });

export const TcpPort = Type.Integer({ minimum: 1, maximum: 65_535 });

/** The body of every failure, and of some successes that are none: a nonzero `code` in a 200 is a failure (ecp.md section 1). */
export const StatusError = Type.Object({ code: Type.Integer(), message: Type.String() });
export type StatusError = Static<typeof StatusError>;

/** Published error codes, as far as they are known (ecp.md section 1). */
export const statusCodes = {
  unknown: 10_001,
  readFailed: 10_003,
  invalidJson: 10_041,
  noMatchField: 10_043,
  readFormFileFailed: 10_045,
} as const;

/**
 * A query parameter that must be sent and may be unused: then it is the empty string. A query arrives as text; a
 * validator that coerces tries the schema first, and an empty text is no number and no boolean, so it stays itself.
 */
export const OrEmpty = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Literal('')]);

/** One of several words. */
export const Choice = <const Words extends readonly string[]>(words: Words): TUnion<TLiteral<Words[number]>[]> =>
  Type.Union(words.map((word: Words[number]) => Type.Literal(word)));

/** Page of a list; `most` is the largest page that the call allows. */
export const paging = (most: number, usual = 10) => ({
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: most, default: usual })),
  offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
});

/** Order of a list; the names that `sort` takes are not published. */
export const sorting = {
  sort: Type.Optional(Type.String()),
  order: Type.Optional(Choice(['asc', 'desc', ''])),
};

/** What a paged answer says about its page. */
export const pageFields = { total: Count, size: Type.Integer(), offset: Type.Integer() };

/** Platform values of `setupInstructions`; not published, ours (ours.md, Server). */
export const platforms = ['linux', 'kubernetes'] as const;
export type Platform = (typeof platforms)[number];

/** Architectures the agent is made for (ecp.md section 4). */
export const architectures = ['amd64', 'arm', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** Places in a path that name a project. */
export const ProjectPlace = Type.Object({ orgId: Id, projectId: Id });

/** Places in a path that name a cluster of a project, where its id has the usual 8 characters. */
export const ClusterPlace = Type.Object({ orgId: Id, projectId: Id, clusterId: Id });

/** The same for the calls that publish no more than one character for the cluster. */
export const DeploymentPlace = Type.Object({ orgId: Id, projectId: Id, clusterId: Type.String({ minLength: 1 }) });
