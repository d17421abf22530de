import type { BodyOf, Endpoint, ParamsOf, QueryOf } from '../../contract/endpoint.ts';
import type { Actor } from '../domain/access.ts';
import type { Operator } from '../domain/audit.ts';
import type { AgentRow, ClusterRow, OrgRow, ProjectRow } from '../store/schema.ts';

/** What a handler gets: all of it checked, and only what its path and its caller have. */
export interface Call<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  /** When the request came, in milliseconds since the epoch. */
  readonly now: number;
  /** Who is written into the audit log. */
  readonly operator: Operator;
  readonly actor: Actor;
  readonly agent: AgentRow;
  readonly org: OrgRow;
  readonly project: ProjectRow;
  /** Of `project`, and not being somebody else's. */
  readonly cluster: ClusterRow;
}

/** What was found out about a request before its handler runs. */
export interface Found {
  address: string;
  actor?: Actor | undefined;
  agent?: AgentRow | undefined;
  org?: OrgRow | undefined;
  project?: ProjectRow | undefined;
  cluster?: ClusterRow | undefined;
}

/** A part that the route does not have is a fault of ours, and said as one. */
export function makeCall<E extends Endpoint>(
  input: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
  found: Found,
  now: number,
): Call<E> {
  const need = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw new Error(`this route has no ${name}`);
    return value;
  };
  return {
    params: input.params as ParamsOf<E>,
    query: input.query as QueryOf<E>,
    body: input.body as BodyOf<E>,
    now,
    operator: found.actor ?? { id: '', name: '', address: found.address },
    get actor() {
      return need('actor', found.actor);
    },
    get agent() {
      return need('agent', found.agent);
    },
    get org() {
      return need('org', found.org);
    },
    get project() {
      return need('project', found.project);
    },
    get cluster() {
      return need('cluster', found.cluster);
    },
  };
}
