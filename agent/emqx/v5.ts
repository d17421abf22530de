import { dirname } from 'node:path';
import { type TelemetryNode, type TelemetryResource, telemetryItems } from '../../src/contract/telemetry.ts';
import type { EmqxApi } from './api.ts';
import type { EmqxClient } from './client.ts';
import { defined, numbersOf, parseNumber, parseSize } from './units.ts';
import * as a5 from './v5-answers.ts';

/** One more than travels, so that what is left out is known to be. */
const page = `page=1&limit=${telemetryItems + 1}`;

/** EMQX 5 and 6 (contract: emqx.md, part A). */
export function createV5(client: EmqxClient): EmqxApi {
  async function resources(path: string, what: string, signal: AbortSignal): Promise<TelemetryResource[] | undefined> {
    const list = await client.getIfAny(path, a5.Resources5, what, signal);
    return list?.map((one) =>
      defined({
        id: `${one.type}:${one.name}`,
        type: one.type,
        status: one.status,
        reason: one.status_reason || undefined,
      }),
    );
  }

  async function logDirectory(nodes: readonly a5.Node5[], self: string, signal: AbortSignal) {
    // A sentence stands here when nothing is logged to a file (emqx.md A5).
    const path = nodes.find((node) => node.node === self)?.log_path;
    if (path?.startsWith('/')) return path;
    const config = await client.getIfAny('/configs/log', a5.LogConfig5, 'the log configuration', signal);
    const handlers = Object.values(config?.file ?? {}) as { enable?: boolean; path?: string }[];
    const one = [config?.file as { enable?: boolean; path?: string } | undefined, ...handlers].find(
      (handler) => handler?.enable === true && handler.path?.startsWith('/'),
    );
    return one?.path === undefined ? undefined : dirname(one.path);
  }

  return {
    generation: 5,

    async cluster(signal) {
      const nodes = await client.get('/nodes', a5.Nodes5, 'the list of nodes', signal);
      const cluster = await client.get('/cluster', a5.Cluster5, 'the cluster', signal);
      const edition = nodes.find((node) => node.edition !== undefined)?.edition;
      return {
        name: cluster.name,
        self: cluster.self,
        nodes: nodes.map(toNode),
        edition: edition === undefined ? undefined : /^enterprise$/i.test(edition) ? 'enterprise' : 'opensource',
        logDirectory: await logDirectory(nodes, cluster.self, signal),
      };
    },

    async traffic(signal) {
      const now = await client.get('/monitor_current', a5.Monitor5, 'the current figures', signal);
      const stats = await client.get('/stats?aggregate=true', a5.Counters5, 'the statistics', signal);
      const metrics = await client.get('/metrics?aggregate=true', a5.Counters5, 'the metrics', signal);
      return {
        traffic: defined({
          connections: now.connections,
          liveConnections: now.live_connections,
          subscriptions: now.subscriptions,
          topics: now.topics,
          retained: now.retained_msg_count,
          received: now.received_msg_rate,
          sent: now.sent_msg_rate,
          dropped: now.dropped_msg_rate,
        }),
        stats: numbersOf(stats),
        metrics: numbersOf(metrics),
      };
    },

    async alarms(signal) {
      const { data } = await client.get(`/alarms?activated=true&${page}`, a5.Alarms5, 'the alarms', signal);
      return data.map((alarm) =>
        defined({
          node: alarm.node,
          name: alarm.name,
          message: alarm.message,
          activatedAt: parseNumber(Date.parse(alarm.activate_at)),
        }),
      );
    },

    async rules(signal) {
      const answer = await client.getIfAny(`/rules?${page}`, a5.Rules5, 'the rules', signal);
      return answer?.data.map((rule) => ({ id: rule.id, enabled: rule.enable, sql: rule.sql }));
    },

    // 5.4 has connectors and actions, before that bridges were both; 6.0 has no bridges (emqx.md A9).
    async connectors(signal) {
      return (await resources('/connectors', 'the connectors', signal)) ?? resources('/bridges', 'the bridges', signal);
    },

    actions: (signal) => resources('/actions', 'the actions', signal),

    async listeners(signal) {
      const list = await client.getIfAny('/listeners', a5.Listeners5, 'the listeners', signal);
      return list?.map((one) => ({
        id: one.id,
        bind: one.bind,
        running: one.status.running === true,
        connections: one.status.current_connections,
      }));
    },

    async license(signal) {
      const license = await client.getIfAny('/license', a5.License5, 'the license', signal);
      return (
        license && {
          customer: license.customer,
          type: license.type,
          customerType: license.customer_type,
          maxConnections: license.max_connections,
          startAt: license.start_at,
          expiryAt: license.expiry_at,
          expired: license.expiry,
        }
      );
    },
  };
}

function toNode(node: a5.Node5): TelemetryNode {
  return defined({
    node: node.node,
    status: node.node_status.toLowerCase(),
    version: node.version ?? '',
    uptime: node.uptime ?? 0,
    role: node.role,
    connections: node.connections,
    liveConnections: node.live_connections,
    load1: parseNumber(node.load1),
    load5: parseNumber(node.load5),
    load15: parseNumber(node.load15),
    memoryTotal: parseSize(node.memory_total),
    memoryUsed: parseSize(node.memory_used),
    processes: node.process_used,
  });
}
