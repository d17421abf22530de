import type { ClusterMonitor, Instance } from '../../contract/monitor.ts';
import { clusterStatus, clusterType, numberOf } from '../../contract/states.ts';
import { viewAgent } from '../domain/agents.ts';
import { specOf } from '../domain/changes.ts';
import type { SeenCluster } from '../domain/clusters.ts';
import { stateOf } from '../domain/clusters.ts';
import { isHosted } from '../domain/offers.ts';
import { apiTime } from '../domain/times.ts';
import type { World } from '../domain/world.ts';
import type { Telemetries } from './telemetry.ts';

/** What the monitor knows beside the state. */
export interface Known {
  readonly world: World;
  readonly telemetries: Telemetries;
  readonly now: number;
}

/** What is not known of a cluster: nobody has told, or there is no EMQX behind it. */
const unknown = -1;

/** The figures of one cluster; `progress` is that of its last task. */
export function figuresOf({ world, telemetries, now }: Known, seen: SeenCluster, progress: string): ClusterMonitor {
  const { row } = seen;
  const telemetry = telemetries.ofCluster(row.id, now)?.telemetry;
  const traffic = telemetry?.traffic;
  const spec = isHosted(row) ? specOf(row) : undefined;
  const count = (value: number | undefined) => (value === undefined ? unknown : Math.round(value));
  return {
    status: numberOf(clusterStatus, stateOf(world, seen, now).status),
    progress,
    image: spec?.image ?? '',
    version: row.version,
    resourceLimit: spec?.resourceLimit ?? '',
    nodeCount: row.replicas,
    expectReplicas: spec?.replicas ?? row.replicas,
    connectCount: count(traffic?.connections),
    connectQuota: spec?.connectLimit ?? (row.reserved || count(telemetry?.license?.maxConnections)),
    topicCount: count(traffic?.topics),
    in: count(traffic?.received),
    out: count(traffic?.sent),
  };
}

export function instanceOf(known: Known, seen: SeenCluster, progress: string): Instance {
  const { row, agents } = seen;
  const { world, now } = known;
  const active = agents.filter(
    (agent) => viewAgent(agent, now, world.startedAt, world.settings.heartbeatMs).state === 'running',
  );
  return {
    id: row.id,
    name: row.name,
    type: numberOf(clusterType, row.type),
    network: isHosted(row) ? specOf(row).network.type : '',
    createdAt: apiTime(row.created_at),
    upTime: apiTime(row.up_at),
    ...figuresOf(known, seen, progress),
    agent: { totalCount: agents.length, activeCount: active.length },
  };
}
