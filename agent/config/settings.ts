import type { Metadata } from '../../src/contract/agent.ts';
import type { ReportSettings } from '../ecp/reporter.ts';
import type { EmqxSettings, Observation } from '../emqx/types.ts';
import type { LogSettings, LogTarget } from '../logs/types.ts';
import type { TunnelSettings } from '../tunnel/types.ts';
import type { AgentConfig } from './load.ts';
import type { Registration } from './state.ts';

/** All that the daemon knows; what each part is told follows from it alone. */
export interface Knowledge {
  readonly config: AgentConfig;
  readonly registration: Registration | undefined;
  readonly metadata: Metadata | undefined;
  readonly observation: Observation | undefined;
  readonly nodeId: string;
  readonly agentVersion: string;
}

/** Something that only others can give is still missing. */
export interface Wait {
  readonly state: 'starting' | 'failing';
  readonly reason: string;
}

export interface PartSettings {
  readonly report: ReportSettings | undefined;
  readonly emqx: EmqxSettings | undefined;
  readonly tunnel: TunnelSettings | undefined;
  readonly logs: LogSettings | undefined;
  /** Why logs are not shipped although they are asked for. */
  readonly logsWait: Wait | undefined;
}

export function settingsFrom(known: Knowledge): PartSettings {
  const { config, registration, metadata } = known;
  if (!registration) {
    return { report: undefined, emqx: undefined, tunnel: undefined, logs: undefined, logsWait: undefined };
  }
  const { url, ca, insecure, token } = registration;
  return {
    report: { url, ca, insecure, token, intervalMs: config.heartbeatMs },
    emqx: emqxSettings(registration.emqx, config),
    tunnel: metadata && tunnelSettings(metadata, registration, known),
    ...logSettings(registration, known),
  };
}

export function emqxSettings(emqx: Registration['emqx'], config: AgentConfig): EmqxSettings {
  return {
    dashboardUrl: emqx.dashboardUrl,
    apiUrl: emqx.apiUrl,
    username: emqx.username,
    password: emqx.password,
    apiKey: emqx.apiKey,
    apiSecret: emqx.apiSecret,
    ...config.emqx,
    intervalMs: config.monitoring.intervalMs,
    exporterUrl: config.monitoring.exporterUrl,
  };
}

function tunnelSettings(
  { mqtt, tunnel }: Metadata,
  registration: Registration,
  { config, nodeId }: Knowledge,
): TunnelSettings | undefined {
  // An ECP without a channel sends empty texts.
  if (mqtt.server === '' || tunnel.requestTopic === '') return undefined;
  return {
    server: mqtt.server,
    username: mqtt.username,
    password: mqtt.password,
    requestTopic: tunnel.requestTopic,
    replyTopic: tunnel.replyTopic,
    telemetryTopic: tunnel.telemetryTopic,
    clientId: `emqxee-agent-${nodeId}`,
    ...config.tunnel,
    // What was said of ECP's certificates at registration holds for its broker too.
    ca: config.tunnel.ca ?? registration.ca,
    insecure: config.tunnel.insecure || registration.insecure,
  };
}

function logSettings(
  registration: Registration,
  { config, metadata, observation, nodeId, agentVersion }: Knowledge,
): Pick<PartSettings, 'logs' | 'logsWait'> {
  const wait = (state: Wait['state'], reason: string) => ({ logs: undefined, logsWait: { state, reason } });
  if (!registration.logs.enabled) return { logs: undefined, logsWait: undefined };
  if (!metadata) return wait('starting', 'ECP has not said yet where logs go');
  const { urls, indexName } = metadata.elasticsearch;
  if (urls.length === 0 || indexName === '') {
    return wait('failing', 'ECP has no log storage configured');
  }
  const directory = registration.logs.directory ?? observation?.logDirectory;
  if (directory === undefined) {
    return observation?.generation === undefined
      ? wait('starting', 'EMQX has not said yet where its logs are')
      : wait('failing', 'EMQX does not say where its logs are; register again with --log-dir');
  }
  const { include, exclude, fields, redact, gzip } = config.logs;
  const logs: LogSettings = {
    directory,
    include,
    exclude,
    fields,
    redact,
    gzip,
    clusterId: metadata.clusterId,
    agentId: nodeId,
    agentVersion,
    nodeName: observation?.self,
    target: logTarget(metadata, registration, config),
  };
  return { logs, logsWait: undefined };
}

/** Where logs go; what was said of ECP's certificates at registration holds for its log storage too. */
export function logTarget({ elasticsearch }: Metadata, registration: Registration, { logs }: AgentConfig): LogTarget {
  const { urls, username, password, indexName: index } = elasticsearch;
  const insecure = logs.insecure || registration.insecure;
  return { urls, username, password, index, ca: logs.ca ?? registration.ca, insecure };
}
