import type { AlarmResource, AlarmSeverity } from '../../contract/states.ts';
import type { Telemetry } from '../../contract/telemetry.ts';
import type { AgentView } from '../domain/agents.ts';
import { errorsOf, isUp, newest, nodesOf, viewAgent } from '../domain/agents.ts';
import type { SeenCluster } from '../domain/clusters.ts';
import type { LicenseTerms, Usage } from '../domain/license.ts';
import { isExpired } from '../domain/license.ts';
import { isHosted } from '../domain/offers.ts';
import type { World } from '../domain/world.ts';
import type { AgentRow } from '../store/schema.ts';

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
  const views = viewsOf(world, seen, now);
  const found = [agentConditions(seen, views), nodeConditions(seen, views)];
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

type View = { readonly agent: AgentRow } & AgentView;

function viewsOf(world: World, { agents }: SeenCluster, now: number): View[] {
  return agents.map((agent) => ({ agent, ...viewAgent(agent, now, world.startedAt, world.settings.heartbeatMs) }));
}

/** Agents that do not report, and agents that report why they cannot do their work. */
function agentConditions({ row }: SeenCluster, views: readonly View[]): Found {
  // Without any agent nobody watches the cluster; with another one only part of the logs is missing.
  const isWatched = views.some(({ state }) => state === 'running');
  const conditions = views
    .filter((view) => view.state === 'offline' || (view.state === 'error' && (isWatched || !isEmqxAway(view))))
    .map(
      ({ agent, state, err }): Condition => ({
        condition: `${row.id}/${state === 'offline' ? 'agent' : 'agent-error'}/${agent.id}`,
        clusterId: row.id,
        name: state === 'offline' ? 'agent_offline' : 'agent_error',
        message: `${err} (agent ${agent.node_id})`,
        severity: isWatched ? 'normal' : 'critical',
        resourceType: 'agent',
        resourceId: String(agent.id),
        resourceName: row.name,
      }),
    );
  return { conditions, unknown: [] };
}

function nodeConditions({ row, agents }: SeenCluster, views: readonly View[]): Found {
  const nodeDown = (which: string, message: string): Condition => ({
    condition: `${row.id}/node/${which}`,
    ...ofCluster(row),
    name: 'node_down',
    message,
    severity: 'critical',
  });
  const running = views.filter(({ state }) => state === 'running').map(({ agent }) => agent);
  if (running.length === 0) {
    // Nobody says how the other nodes are. The one beside an agent that it cannot reach counts as down.
    const away = views.filter((view) => view.state === 'error' && isEmqxAway(view));
    return {
      conditions: away.map(({ agent, err }) => nodeDown(`of-agent-${agent.id}`, `${err} (agent ${agent.node_id})`)),
      unknown: agents.length > 0 ? [`${row.id}/node/`] : [],
    };
  }
  const down = nodesOf(newest(running)).filter((node) => !isUp(node));
  return {
    conditions: down.map((node) => nodeDown(node.node, `EMQX node ${node.node} is ${node.status || 'down'}`)),
    unknown: [],
  };
}

function isEmqxAway({ agent }: View): boolean {
  return !agent.objection && Boolean(errorsOf(agent).nodeConnectError);
}

/** EMQX's own alarms carry no severity: these are the ones after which it refuses or loses something. */
const critical = /license|overload|partition|resource_down|cannot|fail|full/i;

/** EMQX raises an alarm for each connector that is down, which its list of connectors says too: `connector:TYPE:NAME`. */
const ofConnector = /^connector:(.+:.+)$/;
const resourceDown = 'resource down:';

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
  const connectorDown = (id: string, status: string, reason: string | undefined): Condition => ({
    condition: `${row.id}/connector/${id}`,
    clusterId: row.id,
    name: 'connector_disconnected',
    message: `connector ${id} is ${status}${reason ? `: ${reason}` : ''}`,
    severity: 'critical',
    resourceType: 'connector',
    resourceId: id,
    resourceName: row.name,
  });
  const conditions = [
    ...(alarms ?? [])
      .filter(({ name }) => !ofConnector.test(name))
      .map(
        ({ node, name, message }): Condition => ({
          condition: `${row.id}/emqx/${node}/${name}`,
          ...ofCluster(row),
          name,
          message: `${message || name} (EMQX node ${node})`,
          severity: critical.test(name) || message.startsWith(resourceDown) ? 'critical' : 'normal',
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
      .map(({ id, status, reason }) => connectorDown(id, status, reason)),
    // After the list, which is asked for less often: where both tell of one, the newer word counts.
    ...(alarms ?? []).flatMap(({ name, message }) => {
      const [, id] = ofConnector.exec(name) ?? [];
      const reason = message.startsWith(resourceDown) ? message.slice(resourceDown.length).trim() : message;
      return id === undefined ? [] : [connectorDown(id, 'disconnected', reason)];
    }),
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
