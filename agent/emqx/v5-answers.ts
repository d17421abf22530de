import type { Static, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

/**
 * What the agent reads from EMQX 5 and 6 (contract: emqx.md, part A). Fields that are not listed may be there; fields
 * marked optional are missing in some releases or for a stopped node.
 */
const Int = Type.Integer();
/** Early releases wrote loads as text. */
const Load = Type.Union([Type.Number(), Type.String()]);
const List = <S extends TSchema>(item: S) => Type.Array(item, { maxItems: 10_000 });
const Opt = Type.Optional;
const Str = Type.String();

/** `GET /status?format=json`; no credentials needed. */
export const Status5 = Type.Object({
  node_name: Str,
  rel_vsn: Str,
  broker_status: Str,
  app_status: Str,
});

export const Login5 = Type.Object({
  token: Type.String({ minLength: 1 }),
  version: Opt(Str),
  /** Since 5.3. */
  role: Opt(Str),
  license: Opt(Type.Object({ edition: Opt(Str) })),
});

/** Every failure. `message` is an object where a second factor is missing (emqx.md A2). */
export const Failure5 = Type.Object({ code: Str, message: Opt(Type.Union([Str, Type.Record(Str, Type.Unknown())])) });

/** A stopped node has the first two alone, and `role`. */
export const Node5 = Type.Object({
  node: Str,
  node_status: Str,
  role: Opt(Str),
  edition: Opt(Str),
  version: Opt(Str),
  uptime: Opt(Int),
  connections: Opt(Int),
  live_connections: Opt(Int),
  cluster_sessions: Opt(Int),
  load1: Opt(Load),
  load5: Opt(Load),
  load15: Opt(Load),
  max_fds: Opt(Int),
  memory_total: Opt(Type.Union([Str, Int])),
  memory_used: Opt(Type.Union([Str, Int])),
  process_available: Opt(Int),
  process_used: Opt(Int),
  otp_release: Opt(Str),
  sys_path: Opt(Str),
  log_path: Opt(Str),
});
export const Nodes5 = List(Node5);

export const Cluster5 = Type.Object({ name: Str, nodes: List(Str), self: Str });

/** `aggregate=true`: one flat object. */
export const Counters5 = Type.Record(Str, Type.Unknown());

export const Monitor5 = Type.Object({
  connections: Int,
  live_connections: Opt(Int),
  subscriptions: Int,
  topics: Int,
  received_msg_rate: Type.Number(),
  sent_msg_rate: Type.Number(),
  dropped_msg_rate: Type.Number(),
  retained_msg_count: Opt(Int),
  shared_subscriptions: Opt(Int),
  /** A number, or the words `expired` and `max_uptime_reached`. */
  license_quota: Opt(Type.Union([Int, Str])),
});

const Meta5 = Type.Object({ page: Int, limit: Int, count: Opt(Int), hasnext: Opt(Type.Boolean()) });

export const Alarms5 = Type.Object({
  data: List(
    Type.Object({
      node: Str,
      name: Str,
      message: Str,
      details: Opt(Type.Unknown()),
      duration: Int,
      activate_at: Str,
      deactivate_at: Opt(Str),
    }),
  ),
  meta: Meta5,
});

export const Rules5 = Type.Object({
  data: List(Type.Object({ id: Str, name: Opt(Str), enable: Type.Boolean(), sql: Str, created_at: Str })),
  meta: Meta5,
});

/** Connectors, actions, sources and bridges look alike. */
export const Resource5 = Type.Object({
  type: Str,
  name: Str,
  enable: Opt(Type.Boolean()),
  status: Str,
  status_reason: Opt(Str),
  node_status: Opt(List(Type.Object({ node: Str, status: Str, status_reason: Opt(Str) }))),
});
export const Resources5 = List(Resource5);

const ListenerState = Type.Object({
  running: Type.Union([Type.Boolean(), Str]),
  max_connections: Type.Union([Int, Str]),
  current_connections: Int,
});
export const Listeners5 = List(
  Type.Object({
    id: Str,
    type: Str,
    name: Str,
    enable: Type.Boolean(),
    bind: Str,
    acceptors: Int,
    status: ListenerState,
    node_status: Opt(List(Type.Object({ node: Str, status: ListenerState }))),
  }),
);

export const License5 = Type.Object({
  customer: Str,
  email: Str,
  deployment: Opt(Str),
  type: Str,
  customer_type: Int,
  start_at: Str,
  expiry_at: Str,
  expiry: Type.Boolean(),
  max_connections: Int,
  max_sessions: Opt(Int),
  max_tps: Opt(Type.Union([Int, Str])),
});

const Handler5 = Type.Object({
  enable: Type.Boolean(),
  path: Opt(Str),
  level: Opt(Str),
  formatter: Opt(Str),
  rotation_count: Opt(Int),
  rotation_size: Opt(Type.Union([Str, Int])),
});
export const LogConfig5 = Type.Object({
  console: Opt(Handler5),
  /** One handler, or several by name. */
  file: Opt(Type.Union([Handler5, Type.Record(Str, Handler5)])),
});

export type Node5 = Static<typeof Node5>;
export type Cluster5 = Static<typeof Cluster5>;
export type Monitor5 = Static<typeof Monitor5>;
export type Alarms5 = Static<typeof Alarms5>;
export type Rules5 = Static<typeof Rules5>;
export type Resource5 = Static<typeof Resource5>;
export type Listeners5 = Static<typeof Listeners5>;
export type License5 = Static<typeof License5>;
export type LogConfig5 = Static<typeof LogConfig5>;
