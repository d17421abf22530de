import { Check } from '@sinclair/typebox/value';
import type { Clock } from '../../src/core/clock.ts';
import type { EmqxApi } from './api.ts';
import type { EmqxClient } from './client.ts';
import { EmqxError } from './errors.ts';
import { defined, numbersOf, parseNumber, parseSize, parseUptime } from './units.ts';
import * as a4 from './v4-answers.ts';

/** Takes `{code: 0, data}` off; failures of the application come with HTTP 200 (contract: emqx.md B1). */
export function unwrap4(body: unknown, what: string): unknown {
  if (!Check(a4.Wrapper4, body)) throw new EmqxError('bad_answer', { what, reason: 'no JSON object' });
  if (body.code === 0) return body.data;
  const message = typeof body.message === 'string' ? body.message : JSON.stringify(body.message ?? 'no reason');
  const code = body.code === undefined ? '' : `code ${body.code}: `;
  throw new EmqxError('failed', { what, reason: `${code}${message}`.slice(0, 300) });
}

/**
 * EMQX 4.4 (contract: emqx.md, part B). `self` asks the management port which node answers; v4 has no call for it
 * that a dashboard user may make.
 */
export function createV4(
  client: EmqxClient,
  self: (signal: AbortSignal) => Promise<string | undefined>,
  clock: Clock,
): EmqxApi {
  let before: { at: number; metrics: Readonly<Record<string, number>> } | undefined;

  /** Messages a second since the last look, for releases that do not say it themselves. */
  function ratesFrom(metrics: Readonly<Record<string, number>>) {
    const at = clock.monotonic();
    const last = before;
    before = { at, metrics };
    const seconds = last === undefined ? 0 : (at - last.at) / 1000;
    const rate = (name: string) => {
      const [now, then] = [metrics[name], last?.metrics[name]];
      // A counter that fell belongs to an EMQX that has been restarted.
      return now === undefined || then === undefined || seconds <= 0 || now < then
        ? undefined
        : Math.round((now - then) / seconds);
    };
    return { received: rate('messages.received'), sent: rate('messages.sent'), dropped: rate('messages.dropped') };
  }

  return {
    generation: 4,

    async cluster(signal) {
      const nodes = await client.get('/nodes', a4.Nodes4, 'the list of nodes', signal);
      const brokers = await client.getIfAny('/brokers', a4.Brokers4, 'the brokers', signal);
      const about = brokers?.find((broker) => broker.sysdescr !== undefined)?.sysdescr;
      const named = await self(signal);
      return {
        name: undefined,
        self: named ?? (nodes.length === 1 ? nodes[0]?.node : undefined),
        nodes: nodes.map((node) =>
          defined({
            node: node.node ?? node.name ?? '',
            status: node.node_status.toLowerCase(),
            version: node.version ?? '',
            uptime: parseUptime(node.uptime),
            connections: node.connections,
            liveConnections: node.live_connections,
            load1: parseNumber(node.load1),
            load5: parseNumber(node.load5),
            load15: parseNumber(node.load15),
            memoryTotal: parseSize(node.memory_total),
            memoryUsed: parseSize(node.memory_used),
            processes: node.process_used,
          }),
        ),
        edition: about === undefined ? undefined : /enterprise/i.test(about) ? 'enterprise' : 'opensource',
        logDirectory: undefined,
      };
    },

    async traffic(signal) {
      const stats = sum(await client.get('/stats', a4.Stats4, 'the statistics', signal), 'stats');
      const metrics = sum(await client.get('/metrics', a4.Metrics4, 'the metrics', signal), 'metrics');
      const rates = await client.getIfAny('/monitor/current_metrics', a4.Rates4, 'the current figures', signal);
      return {
        traffic: defined({
          connections: stats['connections.count'] ?? 0,
          liveConnections: stats['live_connections.count'],
          subscriptions: stats['subscriptions.count'],
          topics: stats['topics.count'],
          retained: stats['retained.count'],
          ...(rates ?? ratesFrom(metrics)),
        }),
        stats,
        metrics,
      };
    },

    async alarms(signal) {
      const list = await client.getIfAny('/alarms/activated', a4.Alarms4, 'the alarms', signal);
      return list?.flatMap(({ node, alarms }) =>
        alarms.map((alarm) =>
          defined({
            node,
            name: alarm.name,
            message: alarm.message ?? '',
            activatedAt: typeof alarm.activate_at === 'number' ? Math.floor(alarm.activate_at / 1000) : undefined,
          }),
        ),
      );
    },

    async rules(signal) {
      const list = await client.getIfAny('/rules', a4.Rules4, 'the rules', signal);
      return list?.map((rule) =>
        defined({
          id: rule.id,
          enabled: rule.enabled,
          sql: rule.rawsql,
          matched: rule.metrics?.reduce((total, { matched }) => total + (matched ?? 0), 0),
        }),
      );
    },

    async connectors(signal) {
      const list = await client.getIfAny('/resources', a4.Resources4, 'the resources', signal);
      return list?.map(({ id, type, status }) => {
        const alive = typeof status === 'boolean' ? status : status.every((node) => node.is_alive);
        return { id, type, status: alive ? 'connected' : 'disconnected' };
      });
    },

    // v4's actions are parts of its rules.
    actions: async () => undefined,

    async listeners(signal) {
      const list = await client.getIfAny('/listeners', a4.Listeners4, 'the listeners', signal);
      return list?.flatMap(({ listeners }) =>
        listeners
          .filter(({ protocol }) => !protocol.startsWith('http:') && !protocol.startsWith('https:'))
          .map((one) => ({
            id: one.identifier ?? one.protocol,
            bind: String(one.listen_on),
            connections: one.current_conns ?? 0,
          })),
      );
    },

    async license(signal) {
      // Which of the two a release has is not published (emqx.md B3).
      const license =
        (await client.getIfAny('/license_info', a4.License4, 'the license', signal)) ??
        (await client.getIfAny('/license', a4.License4, 'the license', signal));
      return (
        license &&
        defined({
          customer: license.customer,
          type: license.type,
          customerType: parseNumber(license.customer_type),
          maxConnections: license.max_connections,
          startAt: license.issued_at?.slice(0, 10),
          expiryAt: license.expiry_at?.slice(0, 10),
          expired: license.expiry === true,
        })
      );
    },
  };
}

/** One flat record for the cluster: the numbers of the nodes added up, nested or not. */
function sum(list: readonly Readonly<Record<string, unknown>>[], nested: string): Record<string, number> {
  const total: Record<string, number> = {};
  for (const item of list) {
    const inner = item[nested];
    const numbers = numbersOf(typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : item);
    for (const [name, value] of Object.entries(numbers)) total[name] = (total[name] ?? 0) + value;
  }
  return total;
}
