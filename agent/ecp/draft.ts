import type { Report } from '../../src/contract/agent.ts';
import { version } from '../../src/core/version.ts';
import type { Wait } from '../config/settings.ts';
import type { Parts } from '../parts.ts';

export interface DraftSources {
  readonly parts: Parts;
  readonly nodeId: string;
  /** Why logs are not shipped although they are asked for. */
  readonly logsWait: Wait | undefined;
  readonly redact: (text: string) => string;
}

/** What ECP is told of this node now: EMQX's cluster as it was last seen, and a sentence for each trouble. */
export function draftReport({ parts, nodeId, logsWait, redact }: DraftSources): Report {
  const { observation } = parts.emqx.status();
  const sentence = (part: { status(): { state: string; reason?: string } }) => {
    const { state, reason } = part.status();
    return state === 'failing' ? redact(reason ?? 'failing') : '';
  };
  return {
    nodeId,
    agentVersion: version,
    clusterNodes: observation.nodes.map(({ node, version: nodeVersion, status, uptime }) => ({
      node,
      version: nodeVersion,
      status,
      uptime,
    })),
    dashboardEnabled: observation.dashboardEnabled,
    nodeConnectError: observation.nodeConnectError,
    clusterFetchError: observation.clusterFetchError,
    metricsFetchError: observation.metricsFetchError,
    logsFetchError: logsWait?.state === 'failing' ? logsWait.reason : sentence(parts.logs),
    mqttConnectError: sentence(parts.tunnel),
  };
}

/** What of a report ECP should not have to wait for: trouble that came or went, nodes that changed. */
export function newsOf({ clusterNodes, ...rest }: Report): string {
  return JSON.stringify([rest, clusterNodes.map(({ node, version: release, status }) => [node, release, status])]);
}
