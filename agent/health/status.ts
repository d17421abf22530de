import type { AgentStatus, PartReport } from '../../src/contract/control.ts';
import { version } from '../../src/core/version.ts';
import type { Wait } from '../config/settings.ts';
import type { Registration } from '../config/state.ts';
import type { Part } from '../part.ts';
import type { Parts } from '../parts.ts';
import { overall } from './health.ts';

export interface StatusSources {
  readonly parts: Parts;
  readonly nodeId: string;
  readonly startedAt: number;
  readonly registration: Registration | undefined;
  readonly clusterId: string | undefined;
  /** Why logs are not shipped although they are asked for. */
  readonly logsWait: Wait | undefined;
  readonly configTrouble: string | undefined;
  readonly configSince: number;
  /** Reasons repeat what others answered, and that may be what they were sent. */
  readonly redact: (text: string) => string;
}

/** The whole agent as `status`, `/ready` and `/metrics` show it. */
export function statusOf(sources: StatusSources): AgentStatus {
  const { parts, registration, clusterId, logsWait, configTrouble } = sources;
  const reports = [
    reportOf(parts.report),
    reportOf(parts.emqx),
    reportOf(parts.tunnel),
    waiting(reportOf(parts.logs), logsWait),
    configReport(configTrouble, sources.configSince),
  ].map((part) => (part.reason === undefined ? part : { ...part, reason: sources.redact(part.reason) }));
  const logs = parts.logs.status();
  const tunnel = parts.tunnel.status();
  const { nodes, notices } = parts.emqx.status().observation;
  return {
    version,
    pid: process.pid,
    startedAt: sources.startedAt,
    nodeId: sources.nodeId,
    state: overall(registration !== undefined, reports),
    ...(registration && {
      registration: {
        url: registration.url,
        ...(clusterId !== undefined && { clusterId }),
        since: registration.registeredAt,
      },
    }),
    parts: reports,
    nodes: nodes.map(({ node, version: nodeVersion, status, uptime }) => ({
      node,
      version: nodeVersion,
      status,
      uptime,
    })),
    notices: notices.map(sources.redact),
    ...(logs.state !== 'off' && {
      logs: {
        delivered: logs.delivered,
        retried: logs.retried,
        dead: logs.dead,
        lost: logs.lost,
        lostBytes: logs.lostBytes,
        files: logs.files.map(({ distance, ...file }) => ({ ...file, ...(distance !== undefined && { distance }) })),
      },
    }),
    ...(tunnel.state !== 'off' && { tunnel: { inFlight: tunnel.inFlight, served: tunnel.served } }),
  };
}

function reportOf(part: Pick<Part<never>, 'name' | 'status'>): PartReport {
  const { state, since, reason, lastSuccess } = part.status();
  return {
    name: part.name,
    state,
    since,
    ...(reason !== undefined && { reason }),
    ...(lastSuccess !== undefined && { lastSuccess }),
  };
}

/** Asked for, but something is missing that only others can give. */
function waiting(part: PartReport, wait: Wait | undefined): PartReport {
  return wait ? { ...part, ...wait } : part;
}

function configReport(trouble: string | undefined, since: number): PartReport {
  return trouble === undefined
    ? { name: 'config', state: 'healthy', since }
    : { name: 'config', state: 'failing', since, reason: trouble };
}
