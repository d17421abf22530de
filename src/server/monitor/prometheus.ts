import { alarmSeverity, clusterStatus, numberOf } from '../../contract/states.ts';
import { version } from '../../core/version.ts';
import { viewAgent } from '../domain/agents.ts';
import type { SeenCluster } from '../domain/clusters.ts';
import { stateOf } from '../domain/clusters.ts';
import { currentLicense, licenseUsage } from '../domain/license.ts';
import { isHosted } from '../domain/offers.ts';
import type { Known } from './figures.ts';
import { figuresOf } from './figures.ts';

type Labels = Readonly<Record<string, string>>;

/** Text in Prometheus' exposition format 0.0.4, one metric after the other. */
class Exposition {
  readonly #lines: string[] = [];

  /** One metric with all its samples; what is not a number is left out. */
  metric(
    name: string,
    type: 'gauge' | 'counter',
    help: string,
    samples: readonly (readonly [Labels, number | undefined])[],
  ): void {
    const known = samples.filter((sample): sample is [Labels, number] => Number.isFinite(sample[1]));
    if (known.length === 0) return;
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of known) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      this.#lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`);
    }
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** How the server's own parts are. */
export interface Platform {
  readonly logsUp: boolean;
}

/** Everything of the clusters given; with `platform` also of the server itself, which only system administrators see. */
export async function prometheusText(
  known: Known,
  clusters: readonly SeenCluster[],
  platform: Platform | undefined,
): Promise<string> {
  const { world, telemetries, now } = known;
  const text = new Exposition();
  const rows = clusters.map((seen) => ({
    seen,
    labels: { cluster: seen.row.name, cluster_id: seen.row.id, project_id: seen.row.project_id },
    state: stateOf(world, seen, now).status,
    figures: figuresOf(known, seen, ''),
    heard: telemetries.ofCluster(seen.row.id, now)?.telemetry,
  }));
  const each = (value: (row: (typeof rows)[number]) => number | undefined) =>
    rows.map((row) => [row.labels, value(row)] as const);
  const knownOnly = (value: number) => (value < 0 ? undefined : value);

  text.metric(
    'ecp_cluster_up',
    'gauge',
    'Whether the cluster is running.',
    each(({ state }) => (state === 'running' ? 1 : 0)),
  );
  text.metric(
    'ecp_cluster_state',
    'gauge',
    "The state's number as the API has it.",
    each(({ state }) => numberOf(clusterStatus, state)),
  );
  text.metric(
    'ecp_cluster_nodes',
    'gauge',
    'EMQX nodes there are.',
    each(({ figures }) => figures.nodeCount),
  );
  text.metric(
    'ecp_cluster_connections',
    'gauge',
    'Connections the cluster holds.',
    each(({ figures }) => knownOnly(figures.connectCount)),
  );
  text.metric(
    'ecp_cluster_connections_limit',
    'gauge',
    'Connections the cluster may hold.',
    each(({ figures }) => knownOnly(figures.connectQuota)),
  );
  text.metric(
    'ecp_cluster_subscriptions',
    'gauge',
    'Subscriptions.',
    each(({ heard }) => heard?.traffic?.subscriptions),
  );
  text.metric(
    'ecp_cluster_topics',
    'gauge',
    'Topics.',
    each(({ heard }) => heard?.traffic?.topics),
  );
  text.metric(
    'ecp_cluster_messages_received_per_second',
    'gauge',
    'Messages received a second.',
    each(({ heard }) => heard?.traffic?.received),
  );
  text.metric(
    'ecp_cluster_messages_sent_per_second',
    'gauge',
    'Messages sent a second.',
    each(({ heard }) => heard?.traffic?.sent),
  );
  text.metric(
    'ecp_cluster_messages_dropped_per_second',
    'gauge',
    'Messages dropped a second.',
    each(({ heard }) => heard?.traffic?.dropped),
  );
  text.metric(
    'ecp_agent_up',
    'gauge',
    'Whether the agent reports and has no trouble.',
    rows.flatMap(({ seen, labels }) =>
      seen.agents.map((agent) => {
        const { state } = viewAgent(agent, now, world.startedAt, world.settings.heartbeatMs);
        return [
          { ...labels, agent_id: String(agent.id), node_id: agent.node_id },
          state === 'running' ? 1 : 0,
        ] as const;
      }),
    ),
  );
  await addAlarms(known, clusters, text);
  if (platform) await addPlatform(known, platform, text);
  return text.toString();
}

/** Alarms of these clusters, and those of the platform, which every project has, once. */
async function addAlarms({ world }: Known, clusters: readonly SeenCluster[], text: Exposition): Promise<void> {
  const active = await world.db
    .selectFrom('alarms')
    .select(['condition', 'severity'])
    .distinct()
    .where('ends_at', '=', 0)
    .where('cluster_id', 'in', ['', ...clusters.map(({ row }) => row.id)])
    .execute();
  text.metric(
    'ecp_alarms_active',
    'gauge',
    'Alarms that are active.',
    alarmSeverity.rows.map(({ key }) => [{ severity: key }, active.filter(({ severity }) => severity === key).length]),
  );
}

async function addPlatform({ world }: Known, { logsUp }: Platform, text: Exposition): Promise<void> {
  const terms = await currentLicense(world.db);
  const usage = await licenseUsage(world.db);
  const hosted = await world.db.selectFrom('clusters').select('type').execute();
  text.metric('ecp_clusters', 'gauge', 'Clusters there are.', [
    [{ kind: 'hosted' }, hosted.filter(isHosted).length],
    [{ kind: 'managed' }, hosted.filter((row) => !isHosted(row)).length],
  ]);
  text.metric('ecp_license_connections', 'gauge', 'Connections taken from the license.', [[{}, usage.connections]]);
  text.metric('ecp_license_connections_limit', 'gauge', 'Connections the license allows.', [
    [{}, terms.totalClusterConnectionCount],
  ]);
  text.metric('ecp_license_clusters_limit', 'gauge', 'Clusters the license allows.', [[{}, terms.maxEmqxClusterCount]]);
  text.metric('ecp_license_expiry_timestamp_seconds', 'gauge', 'Last day of the license.', [
    [{}, Date.parse(`${terms.expiredDate}T23:59:59Z`) / 1000],
  ]);
  text.metric('ecp_log_store_up', 'gauge', 'Whether what keeps the logs answered last.', [[{}, logsUp ? 1 : 0]]);
  const { user, system } = process.cpuUsage();
  text.metric('process_cpu_seconds_total', 'counter', 'CPU time of the server.', [[{}, (user + system) / 1e6]]);
  text.metric('process_resident_memory_bytes', 'gauge', 'Memory of the server.', [[{}, process.memoryUsage.rss()]]);
  text.metric('process_start_time_seconds', 'gauge', 'When the server was started.', [[{}, world.startedAt / 1000]]);
  text.metric('ecp_build_info', 'gauge', 'Version of the server.', [[{ version }, 1]]);
}
