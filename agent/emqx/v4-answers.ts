import type { Static, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

/**
 * What the agent reads from EMQX 4.4 (contract: emqx.md, part B). Success is `{code: 0, data}` and failure too comes
 * with HTTP 200, so the wrapper is looked at first.
 */
const Int = Type.Integer();
const List = <S extends TSchema>(item: S) => Type.Array(item, { maxItems: 10_000 });
const Opt = Type.Optional;
const Str = Type.String();

/** Without `code` it is a failure as well: `{"message":"module_not_loaded"}`. */
export const Wrapper4 = Type.Object({
  code: Opt(Int),
  message: Opt(Type.Unknown()),
  data: Opt(Type.Unknown()),
  meta: Opt(Type.Unknown()),
});

/** A stopped node is `{name, node_status}`. */
export const Node4 = Type.Object({
  node: Opt(Str),
  name: Opt(Str),
  node_status: Str,
  version: Opt(Str),
  /** In words: `2 days, 19 hours, 41 minutes, 47 seconds`. */
  uptime: Opt(Str),
  connections: Opt(Int),
  live_connections: Opt(Int),
  load1: Opt(Str),
  load5: Opt(Str),
  load15: Opt(Str),
  max_fds: Opt(Int),
  memory_total: Opt(Type.Union([Str, Int])),
  memory_used: Opt(Type.Union([Str, Int])),
  otp_release: Opt(Str),
  process_available: Opt(Int),
  process_used: Opt(Int),
});
export const Nodes4 = List(Node4);

export const Brokers4 = List(
  Type.Object({
    node: Str,
    node_status: Str,
    version: Opt(Str),
    sysdescr: Opt(Str),
    uptime: Opt(Str),
    datetime: Opt(Str),
    otp_release: Opt(Str),
  }),
);

const Numbers = Type.Record(Str, Type.Unknown());
/** The open edition nests the numbers; Enterprise may have them beside `node`. */
export const Stats4 = List(Type.Union([Type.Object({ node: Str, stats: Numbers }), Numbers]));
export const Metrics4 = List(Type.Union([Type.Object({ node: Str, metrics: Numbers }), Numbers]));

/** `GET /monitor/current_metrics`, Enterprise alone: messages per second. */
export const Rates4 = Type.Object({
  received: Opt(Type.Number()),
  sent: Opt(Type.Number()),
  dropped: Opt(Type.Number()),
});

export const Alarms4 = List(
  Type.Object({
    node: Str,
    alarms: List(
      Type.Object({
        name: Str,
        message: Opt(Str),
        details: Opt(Type.Unknown()),
        /** Microseconds since the epoch. */
        activate_at: Opt(Type.Union([Int, Str])),
        deactivate_at: Opt(Type.Union([Int, Str])),
        activated: Opt(Type.Boolean()),
      }),
    ),
  }),
);

export const Rules4 = List(
  Type.Object({
    id: Str,
    rawsql: Str,
    for: Opt(Type.Unknown()),
    enabled: Type.Boolean(),
    description: Opt(Str),
    created_at: Opt(Int),
    metrics: Opt(List(Type.Object({ node: Str, matched: Opt(Type.Number()), speed: Opt(Type.Number()) }))),
  }),
);

export const Resources4 = List(
  Type.Object({
    id: Str,
    type: Str,
    description: Opt(Str),
    /** One boolean in the list, a list of nodes for a single one. */
    status: Type.Union([Type.Boolean(), List(Type.Object({ node: Str, is_alive: Type.Boolean() }))]),
  }),
);

export const Listeners4 = List(
  Type.Object({
    node: Str,
    listeners: List(
      Type.Object({
        protocol: Str,
        /** `127.0.0.1:1883`, or the port alone as a number. */
        listen_on: Type.Union([Str, Int]),
        identifier: Opt(Str),
        acceptors: Opt(Int),
        max_conns: Opt(Type.Union([Int, Str])),
        current_conns: Opt(Int),
      }),
    ),
  }),
);

/** `GET /license_info`, on some releases `GET /license`. */
export const License4 = Type.Object({
  customer: Opt(Str),
  email: Opt(Str),
  type: Opt(Str),
  customer_type: Opt(Type.Union([Int, Str])),
  issued_at: Opt(Str),
  /** `YYYY-MM-DD HH:MM:SS`. */
  expiry_at: Opt(Str),
  expiry: Opt(Type.Boolean()),
  original_max_connections: Opt(Int),
  max_connections: Opt(Int),
});

export type Node4 = Static<typeof Node4>;
export type Brokers4 = Static<typeof Brokers4>;
export type Alarms4 = Static<typeof Alarms4>;
export type Rules4 = Static<typeof Rules4>;
export type Resources4 = Static<typeof Resources4>;
export type Listeners4 = Static<typeof Listeners4>;
export type License4 = Static<typeof License4>;
