import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

/**
 * What an agent publishes on its telemetry topic every monitoring interval: one JSON object, QoS 0, the same for both
 * generations of EMQX. Ours (contract: ours.md, metadata extension). Times are milliseconds since the epoch, rates
 * messages a second, memory bytes. What an EMQX does not offer is absent, never 0.
 */
const Str = Type.String();
const Num = Type.Number();
const Opt = Type.Optional;

/** Most items of one list; the rest is left out and `truncated` says so. */
export const telemetryItems = 200;
/** Most bytes of a scrape; a longer one is cut at the end of a line. */
export const telemetryScrape = 512 * 1024;
/** Most characters of one text in a list; the rest is cut. */
export const telemetryText = 300;
/** Most bytes of a message; what would be longer goes without the scrape. */
export const telemetryBytes = 1024 * 1024;

export const TelemetryNode = Type.Object({
  node: Str,
  /** As EMQX names it, in lower case: `running`, `stopped`. */
  status: Str,
  version: Str,
  uptime: Num,
  role: Opt(Str),
  connections: Opt(Num),
  liveConnections: Opt(Num),
  load1: Opt(Num),
  load5: Opt(Num),
  load15: Opt(Num),
  memoryTotal: Opt(Num),
  memoryUsed: Opt(Num),
  processes: Opt(Num),
});
export type TelemetryNode = Static<typeof TelemetryNode>;

export const TelemetryTraffic = Type.Object({
  connections: Num,
  liveConnections: Opt(Num),
  subscriptions: Opt(Num),
  topics: Opt(Num),
  retained: Opt(Num),
  received: Opt(Num),
  sent: Opt(Num),
  dropped: Opt(Num),
});
export type TelemetryTraffic = Static<typeof TelemetryTraffic>;

export const TelemetryLicense = Type.Object({
  customer: Opt(Str),
  /** `trial`, `official`, `community`. */
  type: Opt(Str),
  /** EMQX's number; 3 is business-critical, the one with dynamic limits. */
  customerType: Opt(Num),
  maxConnections: Opt(Num),
  /** `YYYY-MM-DD`. */
  startAt: Opt(Str),
  expiryAt: Opt(Str),
  expired: Type.Boolean(),
});
export type TelemetryLicense = Static<typeof TelemetryLicense>;

export const TelemetryAlarm = Type.Object({ node: Str, name: Str, message: Str, activatedAt: Opt(Num) });
export type TelemetryAlarm = Static<typeof TelemetryAlarm>;

export const TelemetryRule = Type.Object({
  id: Str,
  enabled: Type.Boolean(),
  sql: Str,
  /** Messages matched so far; only v4 says it in the list. */
  matched: Opt(Num),
});
export type TelemetryRule = Static<typeof TelemetryRule>;

/** A connector, an action or, on old releases, a bridge or a resource. */
export const TelemetryResource = Type.Object({
  /** `type:name` on v5, the resource's id on v4. */
  id: Str,
  type: Str,
  /** `connected`, `connecting`, `disconnected`, `inconsistent`, `stopped`. */
  status: Str,
  reason: Opt(Str),
});
export type TelemetryResource = Static<typeof TelemetryResource>;

export const TelemetryListener = Type.Object({
  id: Str,
  bind: Str,
  running: Opt(Type.Boolean()),
  connections: Num,
});
export type TelemetryListener = Static<typeof TelemetryListener>;

const List = <S extends ReturnType<typeof Type.Object>>(item: S) => Opt(Type.Array(item, { maxItems: telemetryItems }));

export const Telemetry = Type.Object({
  version: Type.Literal(1),
  time: Num,
  /** The agent's own UUID. */
  agent: Str,
  generation: Type.Union([Type.Literal(4), Type.Literal(5)]),
  edition: Opt(Str),
  cluster: Opt(Str),
  /** The EMQX node this agent sits next to. Several agents of one cluster say the same of the cluster. */
  self: Opt(Str),
  nodes: Type.Array(TelemetryNode, { maxItems: telemetryItems }),
  traffic: Opt(TelemetryTraffic),
  /** Gauges and counters of the whole cluster under EMQX's own names. */
  stats: Opt(Type.Record(Str, Num)),
  metrics: Opt(Type.Record(Str, Num)),
  license: Opt(TelemetryLicense),
  alarms: List(TelemetryAlarm),
  rules: List(TelemetryRule),
  connectors: List(TelemetryResource),
  actions: List(TelemetryResource),
  listeners: List(TelemetryListener),
  /** Prometheus text of the exporter, as it came. */
  exporter: Opt(Type.String({ maxLength: telemetryScrape })),
  /** Names of the lists above, or `exporter`, that had to be cut. */
  truncated: Opt(Type.Array(Str)),
});
export type Telemetry = Static<typeof Telemetry>;
