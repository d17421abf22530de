import type { Telemetry } from '../../src/contract/telemetry.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { ClusterView } from './api.ts';
import { EmqxError, isAccessError, sentence } from './errors.ts';
import { peek } from './http.ts';
import type { Entry, Link } from './link.ts';
import { type createFigures, type Figures, toTelemetry } from './telemetry.ts';
import type { Observation } from './types.ts';

export const nothing: Observation = {
  nodes: [],
  self: undefined,
  generation: undefined,
  version: undefined,
  edition: undefined,
  logDirectory: undefined,
  dashboardEnabled: false,
  nodeConnectError: '',
  clusterFetchError: '',
  metricsFetchError: '',
  notices: [],
};

export interface Seen {
  readonly observation: Observation;
  readonly telemetry: (agent: string, time: number) => Telemetry | undefined;
}

/** One look after the other over one link. */
export function createLook(link: Link, figuresOf: ReturnType<typeof createFigures>) {
  let version: string | undefined;

  async function entered(signal: AbortSignal): Promise<{ entry: Entry; cluster?: ClusterView; error?: unknown }> {
    const entry = await link.entry(signal);
    try {
      return { entry, cluster: await entry.api.cluster(signal) };
    } catch (error) {
      if (isAccessError(error)) throw error;
      // No list of nodes: this is not the EMQX that was found, look again from the start.
      if (error instanceof EmqxError && error.code === 'missing') link.forget();
      return { entry, error };
    }
  }

  return async (signal: AbortSignal): Promise<Seen> => {
    const none = () => undefined;
    try {
      const { entry, cluster, error } = await entered(signal);
      const { generation } = entry;
      const dashboardEnabled = await answers(entry, signal);
      if (!cluster) {
        const clusterFetchError = reasonOf(error);
        return { observation: { ...nothing, generation, dashboardEnabled, clusterFetchError }, telemetry: none };
      }
      const own =
        cluster.nodes.find((node) => node.node === cluster.self) ?? cluster.nodes.find((node) => node.version);
      // Another release has other endpoints.
      if (version !== undefined && own && own.version !== version) link.forget();
      version = own?.version ?? version;
      const figures = await figuresOf(entry.api, signal);
      const observation: Observation = {
        nodes: cluster.nodes.map(({ node, version, status, uptime }) => ({ node, version, status, uptime })),
        self: cluster.self,
        generation,
        version,
        edition: cluster.edition,
        logDirectory: cluster.logDirectory,
        dashboardEnabled,
        nodeConnectError: isAccessError(figures.error) ? reasonOf(figures.error) : '',
        clusterFetchError: expired(figures),
        metricsFetchError: figures.error && !isAccessError(figures.error) ? reasonOf(figures.error) : '',
        notices: noticesOf(entry, cluster),
      };
      return { observation, telemetry: (agent, time) => toTelemetry(agent, time, generation, cluster, figures) };
    } catch (error) {
      return { observation: { ...nothing, nodeConnectError: reasonOf(error) }, telemetry: none };
    }
  };
}

/** Where dashboard and API are two ports, the dashboard is asked for itself. */
async function answers({ http, apiBase, dashboardBase }: Entry, signal: AbortSignal): Promise<boolean> {
  if (apiBase === dashboardBase) return true;
  try {
    return (await peek(http, dashboardBase, '/', signal)).status < 500;
  } catch {
    return false;
  }
}

function expired({ slow }: Figures): string {
  return slow.license?.expired ? sentence('license_expired', { date: slow.license.expiryAt ?? 'an unknown date' }) : '';
}

function noticesOf({ credentials }: Entry, { edition }: ClusterView): string[] {
  const notices: string[] = [];
  if (credentials.viewer) notices.push(sentence('viewer', { user: credentials.user }));
  if (edition === 'opensource') notices.push(sentence('open_source'));
  return notices;
}
