import type { AgentStatus } from '../../src/contract/control.ts';
import { isReady } from './health.ts';

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Prometheus text format 0.0.4. Names end in their unit; times are seconds, as Prometheus wants them. */
export function metricsText(status: AgentStatus): string {
  const { logs, tunnel, parts } = status;
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  const families: [name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]][] = [
    ['emqxee_agent_info', 'gauge', 'Version of the agent.', [[{ version: status.version, node_id: status.nodeId }, 1]]],
    ['emqxee_agent_start_time_seconds', 'gauge', 'When the agent started.', [[{}, status.startedAt / 1000]]],
    ['emqxee_agent_registered', 'gauge', 'Whether the agent is registered.', [[{}, status.registration ? 1 : 0]]],
    ['emqxee_agent_ready', 'gauge', 'Whether every part does its work.', [[{}, isReady(status).ready ? 1 : 0]]],
    [
      'emqxee_agent_part_healthy',
      'gauge',
      'Whether a part that is on does its work.',
      parts
        .filter((part) => part.state !== 'off')
        .map((part) => [{ part: part.name }, part.state === 'healthy' ? 1 : 0]),
    ],
    [
      'emqxee_agent_part_last_success_time_seconds',
      'gauge',
      'When a part last succeeded.',
      parts.flatMap((part): Sample[] =>
        part.lastSuccess === undefined ? [] : [[{ part: part.name }, part.lastSuccess / 1000]],
      ),
    ],
    ['emqxee_agent_emqx_nodes', 'gauge', 'Nodes of the EMQX cluster.', [[{}, status.nodes.length]]],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory.', [[{}, memory.rss]]],
    [
      'emqxee_agent_memory_bytes',
      'gauge',
      'Memory by kind: used and reserved heap, buffers outside of it.',
      [
        [{ kind: 'heap_used' }, memory.heapUsed],
        [{ kind: 'heap' }, memory.heapTotal],
        [{ kind: 'buffers' }, memory.external],
      ],
    ],
    ['process_cpu_seconds_total', 'counter', 'CPU time used.', [[{}, (cpu.user + cpu.system) / 1e6]]],
  ];
  if (logs) {
    families.push(
      [
        'emqxee_agent_log_records_total',
        'counter',
        'Log records by outcome.',
        [
          [{ outcome: 'delivered' }, logs.delivered],
          [{ outcome: 'retried' }, logs.retried],
          [{ outcome: 'dead' }, logs.dead],
          [{ outcome: 'lost' }, logs.lost],
        ],
      ],
      [
        'emqxee_agent_log_lost_bytes_total',
        'counter',
        'Bytes overwritten before they were read.',
        [[{}, logs.lostBytes]],
      ],
      [
        'emqxee_agent_log_lag_bytes',
        'gauge',
        'Bytes of a log file that are not delivered yet.',
        logs.files.map((file) => [{ path: file.path }, Math.max(0, file.size - file.acknowledged)]),
      ],
      [
        'emqxee_agent_log_wrap_distance_bytes',
        'gauge',
        'Bytes EMQX may still write before it overwrites what is unread.',
        logs.files.flatMap((file): Sample[] =>
          file.distance === undefined ? [] : [[{ path: file.path }, file.distance]],
        ),
      ],
    );
  }
  if (tunnel) {
    families.push(
      ['emqxee_agent_tunnel_requests_in_flight', 'gauge', 'Requests under way.', [[{}, tunnel.inFlight]]],
      ['emqxee_agent_tunnel_requests_total', 'counter', 'Requests answered.', [[{}, tunnel.served]]],
    );
  }
  return families
    .map(([name, type, help, samples]) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => line(name, sample))].join('\n'),
    )
    .join('\n')
    .concat('\n');
}

function line(name: string, [labels, value]: Sample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

function escapeLabel(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}
