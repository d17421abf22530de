import type { AlarmResource, AlarmSeverity } from '../../contract/states.ts';
import type { Telemetry } from '../../contract/telemetry.ts';
import { isUp, newest, nodesOf, viewAgent } from '../domain/agents.ts';
import type { SeenCluster } from '../domain/clusters.ts';
import type { LicenseTerms, Usage } from '../domain/license.ts';
import { isExpired } from '../domain/license.ts';
import { isHosted } from '../domain/offers.ts';
import type { World } from '../domain/world.ts';

/** Something that is the case and that somebody should know of. */
export interface Condition {
  /** The same as long as it is the same: an alarm begins and ends with it. */
  readonly condition: string;
  /** Empty for what concerns the whole platform. */
  readonly clusterId: string;
  readonly name: string;
  readonly message: string;
  readonly severity: AlarmSeverity;
  readonly resourceType: AlarmResource;
  readonly resourceId: string;
  readonly resourceName: string;
}

export interface Found {
  readonly conditions: readonly Condition[];
  /** Beginnings of conditions of which nothing is known now: an alarm of these stays what it is. */
  readonly unknown: readonly string[];
}

/** What is the case with one cluster. `telemetry`: the newest word of its agents, if there is one. */
export function conditionsOf(
  world: World,
  seen: SeenCluster,
  telemetry: Telemetry | undefined,
  emqxToo: boolean,
  now: number,
): Found {
  const { row } = seen;
  if (isHosted(row)) return { conditions: hostedConditions(seen), unknown: [] };
  const found = [agentConditions(world, seen, now), nodeConditions(world, seen, now)];
  if (emqxToo) found.push(emqxConditions(seen, telemetry));
  return { conditions: found.flatMap((one) => one.conditions), unknown: found.flatMap((one) => one.unknown) };
}

function hostedConditions({ row }: SeenCluster): Condition[] {
  if (row.status !== 'degraded' && row.status !== 'error') return [];
  return [
    {
      condition: `${row.id}/state`,
      ...ofCluster(row),
      name: `cluster_${row.status}`,
      message: row.reason || `the cluster is ${row.status}`,
      severity: 'critical',
    },
  ];
}

function agentConditions(world: World, { row, agents }: SeenCluster, now: number): Found {
  const views = agents.map((agent) => ({
    agent,
    ...viewAgent(agent, now, world.startedAt, world.settings.heartbeatMs),
  }));
  // Without any agent nobody watches the cluster; with another one only part of the logs is missing.
  const severity = views.some(({ state }) => state === 'running') ? 'normal' : 'critical';
  const conditions = views
    .filter(({ state }) => state === 'offline')
    .map(
      ({ agent, err }): Condition => ({
        condition: `${row.id}/agent/${agent.id}`,
        clusterId: row.id,
        name: 'agent_offline',
        message: `${err} (agent ${agent.node_id})`,
        severity,
        resourceType: 'agent',
        resourceId: String(agent.id),
        resourceName: row.name,
      }),
    );
  return { conditions, unknown: [] };
}

function nodeConditions(world: World, { row, agents }: SeenCluster, now: number): Found {
  const running = agents.filter(
    (agent) => viewAgent(agent, now, world.startedAt, world.settings.heartbeatMs).state === 'running',
  );
  // Nobody says how the nodes are; that is an alarm of its own.
  if (running.length === 0) return { conditions: [], unknown: agents.length > 0 ? [`${row.id}/node/`] : [] };
  const down = nodesOf(newest(running)).filter((node) => !isUp(node));
  return {
    conditions: down.map((node) => ({
      condition: `${row.id}/node/${node.node}`,
      ...ofCluster(row),
      name: 'node_down',
      message: `EMQX node ${node.node} is ${node.status || 'down'}`,
      severity: 'critical',
    })),
    unknown: [],
  };
}

/** EMQX's own alarms carry no severity: these are the ones after which it refuses or loses something. */
const critical = /license|overload|partition|resource_down|cannot|fail|full/i;

/** What EMQX itself says; of v5 alone, as monitoring is (ecp.md section 5). */
function emqxConditions({ row, agents }: SeenCluster, telemetry: Telemetry | undefined): Found {
  const lists = ['emqx', 'rule', 'connector'].map((kind) => `${row.id}/${kind}/`);
  if (!telemetry) return { conditions: [], unknown: agents.length > 0 ? lists : [] };
  if (telemetry.generation !== 5) return { conditions: [], unknown: [] };
  const { alarms, rules, connectors, truncated = [] } = telemetry;
  const whole = [
    alarms !== undefined && !truncated.includes('alarms'),
    rules !== undefined && !truncated.includes('rules'),
    connectors !== undefined && !truncated.includes('connectors'),
  ];
  const conditions = [
    ...(alarms ?? []).map(
      ({ node, name, message }): Condition => ({
        condition: `${row.id}/emqx/${node}/${name}`,
        ...ofCluster(row),
        name,
        message: `${message || name} (EMQX node ${node})`,
        severity: critical.test(name) ? 'critical' : 'normal',
      }),
    ),
    ...(rules ?? [])
      .filter(({ enabled }) => !enabled)
      .map(
        ({ id }): Condition => ({
          condition: `${row.id}/rule/${id}`,
          clusterId: row.id,
          name: 'rule_stopped',
          message: `rule ${id} is stopped`,
          severity: 'normal',
          resourceType: 'rule',
          resourceId: id,
          resourceName: row.name,
        }),
      ),
    ...(connectors ?? [])
      .filter(({ status }) => status === 'disconnected' || status === 'inconsistent')
      .map(
        ({ id, status, reason }): Condition => ({
          condition: `${row.id}/connector/${id}`,
          clusterId: row.id,
          name: 'connector_disconnected',
          message: `connector ${id} is ${status}${reason ? `: ${reason}` : ''}`,
          severity: 'critical',
          resourceType: 'connector',
          resourceId: id,
          resourceName: row.name,
        }),
      ),
  ];
  return { conditions, unknown: lists.filter((_, at) => !whole[at]) };
}

const dayMs = 86_400_000;

/** What is the case with the license of the platform; told in every project, because it stops every one of them. */
export function licenseConditions(terms: LicenseTerms, usage: Usage, now: number): Condition[] {
  const of = {
    clusterId: '',
    resourceType: 'license',
    resourceId: terms.type,
    resourceName: terms.customerName,
  } as const;
  const conditions: Condition[] = [];
  const days = Math.ceil((Date.parse(`${terms.expiredDate}T23:59:59.999Z`) - now) / dayMs);
  if (isExpired(terms, now)) {
    const message = `the license expired on ${terms.expiredDate}`;
    conditions.push({ ...of, condition: 'license/expired', name: 'license_expired', message, severity: 'critical' });
  } else if (days <= 30) {
    const message = `the license expires in ${days} days, on ${terms.expiredDate}`;
    conditions.push({ ...of, condition: 'license/expiry', name: 'license_expiry', message, severity: 'normal' });
  }
  const quotas = [
    ['connections', usage.connections, terms.totalClusterConnectionCount],
    ['clusters', usage.clusters, terms.maxEmqxClusterCount],
  ] as const;
  for (const [what, used, quota] of quotas) {
    if (used === 0 || used < 0.9 * quota) continue;
    conditions.push({
      ...of,
      condition: `license/${what}`,
      name: `license_${what}`,
      message: `${used} of ${quota} ${what} of the license are in use`,
      severity: used >= quota ? 'critical' : 'normal',
    });
  }
  return conditions;
}

function ofCluster({ id, name }: { readonly id: string; readonly name: string }) {
  return { clusterId: id, resourceType: 'cluster', resourceId: id, resourceName: name } as const;
}
