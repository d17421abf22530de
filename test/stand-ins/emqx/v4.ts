import type {
  Alarms4,
  Brokers4,
  License4,
  Listeners4,
  Node4,
  Resources4,
  Rules4,
} from '../../../agent/emqx/v4-answers.ts';
import { effectiveLimit, type Knobs } from './knobs.ts';
import * as v5 from './v5.ts';

/** Answers of EMQX 4.4 below `{code: 0, data}`, typed by the schemas that the agent reads them with. */

const running = (knobs: Knobs) => knobs.nodes.filter((node) => !knobs.stopped.includes(node));

export function nodes(knobs: Knobs): Node4[] {
  return knobs.nodes.map((node, n) =>
    knobs.stopped.includes(node)
      ? { name: node, node_status: 'Stopped' }
      : {
          node,
          node_status: 'Running',
          version: knobs.version,
          uptime: '2 days, 19 hours, 41 minutes, 47 seconds',
          connections: n === 0 ? knobs.connections : 0,
          live_connections: n === 0 ? knobs.connections : 0,
          load1: '2.23',
          load5: '3.18',
          load15: '3.48',
          max_fds: 20_000,
          memory_total: '23.54G',
          memory_used: '1.02G',
          otp_release: '24.1.5/12.1.5',
          process_available: 2_097_152,
          process_used: 366,
        },
  );
}

export function brokers(knobs: Knobs): Brokers4 {
  return running(knobs).map((node) => ({
    node,
    node_status: 'Running',
    version: knobs.version,
    sysdescr: knobs.edition === 'Enterprise' ? 'EMQX Enterprise' : 'EMQX Broker',
    uptime: '44 seconds',
    datetime: '2026-11-20 20:38:18',
    otp_release: '24.1.5/12.1.5',
  }));
}

export function stats(knobs: Knobs): { node: string; stats: Record<string, number> }[] {
  const {
    'cluster_sessions.count': _,
    'cluster_sessions.max': __,
    'delayed.count': ___,
    'delayed.max': ____,
    ...rest
  } = v5.stats(knobs);
  const all = { ...rest, 'routes.count': 30, 'routes.max': 32 };
  return running(knobs).map((node) => ({ node, stats: all }));
}

export function metrics(knobs: Knobs, seconds: number): { node: string; metrics: Record<string, number> }[] {
  return running(knobs).map((node) => ({ node, metrics: v5.metrics(seconds) }));
}

export function alarms(knobs: Knobs): Alarms4 {
  return running(knobs).map((node, n) => ({
    node,
    alarms:
      n > 0
        ? []
        : [
            {
              name: 'high_system_memory_usage',
              message: 'System memory usage is higher than 70%',
              details: { high_watermark: 70 },
              activate_at: 1_795_207_090_889_000,
              deactivate_at: 'infinity',
              activated: true,
            },
          ],
  }));
}

export function rules(knobs: Knobs): Rules4 {
  return [
    {
      id: 'rule:a3d2d892',
      rawsql: 'SELECT * FROM "t/#"',
      for: ['t/#'],
      enabled: true,
      description: 'good',
      created_at: 1_795_207_090_889,
      metrics: running(knobs).map((node) => ({ node, matched: 133, speed: 7.2, passed: 133, failed: 0 })),
      ...{ on_action_failed: 'continue', actions: [] },
    },
  ];
}

export function resources(): Resources4 {
  const config = { url: 'http://127.0.0.1:18999/in', pool_size: 8 };
  return [
    { id: 'resource:bad', type: 'web_hook', description: 'bad', status: false, ...{ config } },
    { id: 'resource:good', type: 'web_hook', description: 'good', status: true, ...{ config } },
  ];
}

export function listeners(knobs: Knobs): Listeners4 {
  return running(knobs).map((node) => ({
    node,
    listeners: [
      {
        protocol: 'mqtt:tcp',
        listen_on: '0.0.0.0:1883',
        identifier: 'mqtt:tcp:external',
        acceptors: 8,
        max_conns: 1_024_000,
        current_conns: knobs.connections,
        ...{ shutdown_count: { tcp_closed: 9 } },
      },
    ],
  }));
}

export function license(knobs: Knobs): License4 {
  const expired = knobs.license === 'expired';
  return {
    customer: 'Foo',
    email: 'contact@foo.com',
    type: 'official',
    customer_type: knobs.license === 'business-critical' ? 3 : 1,
    issued_at: '2022-01-11 00:00:00',
    expiry_at: expired ? '2024-02-29 00:00:00' : '2295-10-27 00:00:00',
    expiry: expired,
    original_max_connections: knobs.maxConnections,
    max_connections: effectiveLimit(knobs),
    ...{ version: knobs.version, vendor: 'EMQ Technologies Co., Ltd.' },
  };
}

export function rates(): Record<string, number> {
  return { received: 94, sent: 70, dropped: 26 };
}
