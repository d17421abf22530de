import type {
  Alarms5,
  Cluster5,
  License5,
  Listeners5,
  LogConfig5,
  Monitor5,
  Node5,
  Resource5,
  Rules5,
} from '../../../agent/emqx/v5-answers.ts';
import { effectiveLimit, type Knobs } from './knobs.ts';

/** Answers of EMQX 5, typed by the schemas that the agent reads them with. One function per endpoint. */

const base = Date.UTC(2026, 10, 20, 20, 24, 36);
const iso = (seconds: number) => new Date(base + seconds * 1000).toISOString().replace('Z', '+00:00');

export function nodes(knobs: Knobs): Node5[] {
  return knobs.nodes.map((node, n) =>
    knobs.stopped.includes(node)
      ? { node, node_status: 'stopped', role: 'core' }
      : {
          node,
          node_status: 'running',
          role: 'core',
          edition: knobs.edition,
          version: knobs.version,
          otp_release: '25/13.1.5',
          uptime: 213_062 + Math.round(process.uptime() * 1000),
          connections: n === 0 ? knobs.connections : 0,
          live_connections: n === 0 ? knobs.connections : 0,
          cluster_sessions: knobs.connections,
          load1: 1.96,
          load5: 3.5,
          load15: 3.62,
          max_fds: 1_048_576,
          memory_total: '23.54G',
          memory_used: '851.27M',
          process_available: 2_097_152,
          process_used: 611,
          log_path: knobs.logDir,
          sys_path: '/opt/emqx',
        },
  );
}

const running = (knobs: Knobs) => knobs.nodes.filter((node) => !knobs.stopped.includes(node));

export function cluster(knobs: Knobs): Cluster5 {
  return { name: 'emqxcl', nodes: running(knobs), self: knobs.nodes[0] ?? '' };
}

const statNames = [
  'channels connections live_connections cluster_sessions delayed retained sessions suboptions subscribers',
  'subscriptions subscriptions.shared topics',
]
  .join(' ')
  .split(' ');

export function stats(knobs: Knobs): Record<string, number> {
  const held = new Set(['channels', 'connections', 'live_connections', 'cluster_sessions', 'sessions']);
  return Object.fromEntries(
    statNames.flatMap((name) => {
      const count = held.has(name) ? knobs.connections : 7;
      return [
        [`${name}.count`, count],
        [`${name}.max`, count + 1],
      ];
    }),
  );
}

export function metrics(seconds: number): Record<string, number> {
  const per = Math.round(seconds);
  return {
    'messages.received': 9356 + 94 * per,
    'messages.sent': 7015 + 70 * per,
    'messages.dropped': 4151 + 26 * per,
    'messages.delivered': 37_003,
    'bytes.received': 1_605_699 + 12_000 * per,
    'bytes.sent': 9_284_604 + 9000 * per,
    'client.connected': 1241,
    'client.disconnected': 1221,
    'packets.received': 20_000,
    'packets.sent': 21_238,
  };
}

export function monitor(knobs: Knobs): Monitor5 & Record<string, number | string> {
  const quota = knobs.license === 'expired' ? 'expired' : effectiveLimit(knobs);
  return {
    connections: knobs.connections,
    disconnected_durable_sessions: 0,
    dropped_msg_rate: 26,
    live_connections: knobs.connections,
    persisted_rate: 0,
    received_msg_rate: 94,
    retained_msg_count: 29,
    sent_msg_rate: 70,
    shared_subscriptions: 19,
    subscriptions: 70,
    subscriptions_durable: 0,
    subscriptions_ram: 70,
    topics: 42,
    transformation_failed_rate: 0,
    transformation_succeeded_rate: 0,
    validation_failed_rate: 0,
    validation_succeeded_rate: 0,
    ...(knobs.edition === 'Enterprise' && { license_quota: quota }),
  };
}

/** The first page of a list. */
function pageOf<T>(data: readonly T[], limit: number) {
  return { data: data.slice(0, limit), meta: { page: 1, limit, count: data.length, hasnext: data.length > limit } };
}

export function alarms(knobs: Knobs, limit: number): Alarms5 {
  const active = (name: string, message: string, details: unknown) => ({
    node: knobs.nodes[0] ?? '',
    name,
    message,
    details,
    duration: 66_019,
    activate_at: iso(59),
  });
  const data = [
    ...Object.entries(knobs.alarms).map(([name, message]) => active(name, message, { high_watermark: 70 })),
    ...Object.entries(knobs.connectors)
      .filter(([, status]) => status === 'disconnected')
      .map(([name]) => {
        const id = `connector:http:${name}`;
        return active(id, `resource down: ${refused}`, { reason: 'resource_down', resource_id: id });
      }),
  ];
  return pageOf(data, limit);
}

export function rules(knobs: Knobs, limit: number): Rules5 {
  const data = Object.entries(knobs.rules).map(([id, enable]) => ({
    id,
    name: id,
    enable,
    actions: enable ? ['http:a_good'] : [],
    sql: 'SELECT * FROM "t/#"',
    from: ['t/#'],
    description: '',
    created_at: iso(60),
    last_modified_at: iso(60),
  }));
  return pageOf(data, limit);
}

const refused = 'Connection refused';

function resource(knobs: Knobs, type: string, name: string, status: string, reason?: string): Resource5 {
  const why = reason === undefined ? {} : { status_reason: reason };
  return {
    type,
    name,
    enable: true,
    status,
    ...why,
    node_status: running(knobs).map((node) => ({ node, status, ...why })),
  };
}

export function connectors(knobs: Knobs): Resource5[] {
  return Object.entries(knobs.connectors).map(([name, status]) => ({
    ...resource(knobs, 'http', name, status, status === 'disconnected' ? refused : undefined),
    enable: status !== 'stopped',
    actions: [],
    sources: [],
    url: 'http://127.0.0.1:18999',
    pool_size: 2,
  }));
}

export function actions(knobs: Knobs): Resource5[] {
  return [resource(knobs, 'http', 'a_good', 'connected', '')].map((one) => ({
    ...one,
    rules: ['r_good'],
    connector: 'good_http',
    parameters: {},
  }));
}

export function bridges(knobs: Knobs): Resource5[] {
  return [resource(knobs, 'webhook', 'a_good', 'connected')];
}

export function listeners(knobs: Knobs): Listeners5 {
  const one = (type: string, port: number, current: number): Listeners5[number] => {
    const status = { running: true, max_connections: 'infinity', current_connections: current };
    return {
      id: `${type}:default`,
      type,
      name: 'default',
      enable: true,
      bind: `0.0.0.0:${port}`,
      acceptors: 16,
      ...{ number: running(knobs).length },
      status,
      node_status: running(knobs).map((node) => ({ node, status })),
    };
  };
  return [one('ssl', 8883, 0), one('tcp', 1883, knobs.connections), one('ws', 8083, 0), one('wss', 8084, 0)];
}

export function license(knobs: Knobs): License5 {
  const critical = knobs.license === 'business-critical';
  const expired = knobs.license === 'expired';
  return {
    customer: 'Foo',
    email: 'contact@foo.com',
    deployment: 'bar-deployment',
    type: 'official',
    customer_type: critical ? 3 : 1,
    start_at: '2022-01-11',
    expiry_at: expired ? '2024-02-29' : '2295-10-27',
    expiry: expired,
    max_connections: effectiveLimit(knobs),
    max_sessions: effectiveLimit(knobs),
  };
}

export function logConfig(knobs: Knobs): LogConfig5 & Record<string, unknown> {
  const handler = {
    formatter: 'text',
    level: 'warning',
    payload_encode: 'text',
    time_offset: 'system',
    timestamp_format: 'auto',
  };
  return {
    console: { ...handler, enable: false },
    file: {
      default: {
        ...handler,
        enable: true,
        path: `${knobs.logDir}/emqx.log`,
        rotation_count: 10,
        rotation_size: '50MB',
      },
    },
    throttling: { time_window: '1m' },
  };
}
