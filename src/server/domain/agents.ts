import type { Report } from '../../contract/agent.ts';
import { parseEmqxVersion } from '../../contract/emqx-version.ts';
import { manageable } from '../../contract/features.ts';
import type { AgentState, ClusterStatus } from '../../contract/states.ts';
import type { AgentRow, ClusterRow } from '../store/schema.ts';

/** One node of the EMQX cluster as the agent told of it. */
export type ReportedNode = Report['clusterNodes'][number];

/** The errors of a report, by the name of their field. */
export type ReportErrors = Pick<
  Report,
  'nodeConnectError' | 'clusterFetchError' | 'metricsFetchError' | 'logsFetchError' | 'mqttConnectError'
>;

export function nodesOf(agent: AgentRow): readonly ReportedNode[] {
  return JSON.parse(agent.nodes_json) as ReportedNode[];
}

export function errorsOf(agent: AgentRow): Partial<ReportErrors> {
  return JSON.parse(agent.errors_json) as Partial<ReportErrors>;
}

export interface AgentView {
  readonly state: AgentState;
  /** Why it is not running; or, when it is, what does not work beside. Empty when all is well. */
  readonly err: string;
}

/**
 * How an agent is, from what it said last and how long ago that was: three heartbeats may be missed. `since` is when
 * this server began to listen, before which nobody could report.
 */
export function viewAgent(agent: AgentRow, now: number, since: number, heartbeatMs: number): AgentView {
  // Half a beat more: a report on its way is not a missed one.
  const patience = heartbeatMs * 3.5;
  const heard = Math.max(agent.reported_at || agent.created_at, since);
  if (now - heard > patience) {
    const seconds = Math.round((now - (agent.reported_at || agent.created_at)) / 1000);
    return { state: 'offline', err: `no report from the agent for ${seconds} s` };
  }
  if (agent.reported_at === 0) return { state: 'registering', err: '' };
  const errors = errorsOf(agent);
  const fatal = agent.objection || errors.nodeConnectError || errors.clusterFetchError || errors.mqttConnectError;
  if (fatal) return { state: 'error', err: fatal };
  return { state: 'running', err: errors.logsFetchError || errors.metricsFetchError || '' };
}

export interface ManagedView {
  readonly status: ClusterStatus;
  readonly reason: string;
}

/**
 * The state of a managed cluster, from its agents (ecp.md section 5): one healthy agent is enough to manage it, and then
 * EMQX's own word on its nodes counts.
 */
export function viewManaged(
  cluster: ClusterRow,
  agents: readonly AgentRow[],
  at: { readonly now: number; readonly since: number; readonly heartbeatMs: number },
): ManagedView {
  if (cluster.status === 'deleting') return { status: 'deleting', reason: '' };
  if (agents.length === 0) return { status: 'created', reason: '' };
  const views = agents.map((agent) => ({ agent, ...viewAgent(agent, at.now, at.since, at.heartbeatMs) }));
  const healthy = views.filter((view) => view.state === 'running').map((view) => view.agent);
  if (healthy.length > 0) {
    const down = nodesOf(newest(healthy)).filter((node) => !isUp(node));
    if (down.length === 0) return { status: 'running', reason: '' };
    return {
      status: 'error',
      reason: down.map((node) => `EMQX node ${node.node} is ${node.status || 'down'}`).join('; '),
    };
  }
  const troubled = views.filter((view) => view.state !== 'registering');
  if (troubled.length === 0) return { status: 'registering', reason: '' };
  return { status: 'error', reason: [...new Set(troubled.map((view) => view.err))].join('; ') };
}

export function isUp({ status }: ReportedNode): boolean {
  return /^(running|up|started)$/i.test(status);
}

export function newest(agents: readonly AgentRow[]): AgentRow {
  return agents.reduce((latest, agent) => (agent.reported_at > latest.reported_at ? agent : latest));
}

/** Why EMQX of these nodes cannot be managed; empty when it can. */
export function versionObjection(nodes: readonly ReportedNode[]): string {
  for (const node of nodes) {
    const version = parseEmqxVersion(node.version);
    if (!version) return `the version "${node.version.slice(0, 40)}" of node ${node.node} cannot be read`;
    const word = manageable(version);
    if (word !== true) return word.en;
  }
  return '';
}

/** What makes a node the same one wherever it is told of: its name, and when it was started. */
interface Sighting {
  readonly name: string;
  readonly startedAt: number;
}

/** Clocks and roundings of two agents may differ that much, in milliseconds. */
const slackMs = 15_000;

/**
 * True when two reports tell of the same EMQX cluster: a node of the same name that was started at the same moment. The
 * name alone is not enough, because `emqx@127.0.0.1` is every second installation.
 */
export function sameEmqx(one: readonly Sighting[], other: readonly Sighting[]): boolean {
  return one.some((left) =>
    other.some((right) => left.name === right.name && Math.abs(left.startedAt - right.startedAt) <= slackMs),
  );
}

export function sightings(nodes: readonly ReportedNode[], reportedAt: number): Sighting[] {
  return nodes.filter(isUp).map((node) => ({ name: node.node, startedAt: reportedAt - node.uptime }));
}
