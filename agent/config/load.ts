import { readFileSync } from 'node:fs';
import { parseDuration } from '../../src/core/duration.ts';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { readTextIfAny } from '../../src/core/files.ts';
import { parseSize } from '../../src/core/size.ts';
import { type Home, pathAt } from './home.ts';
import type { FileContent } from './schema.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** agent.yaml as the agent works with it: every default filled in, milliseconds, bytes, absolute paths. */
export interface AgentConfig {
  readonly logger: {
    /** Undefined: the console in the foreground, the file in the background. */
    readonly mode: 'file' | 'console' | undefined;
    readonly level: LogLevel;
    readonly file: string;
    readonly format: 'text' | 'json';
    readonly maxBytes: number;
    readonly maxFiles: number;
  };
  readonly heartbeatMs: number;
  readonly monitoring: { readonly intervalMs: number; readonly exporterUrl: string | undefined };
  readonly health: { readonly host: string; readonly port: number } | undefined;
  readonly logs: {
    readonly include: readonly string[];
    readonly exclude: readonly string[];
    readonly fields: Readonly<Record<string, string>>;
    readonly redact: readonly string[];
    readonly gzip: boolean;
    readonly ca: string | undefined;
    readonly insecure: boolean;
  };
  readonly tunnel: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
    readonly insecure: boolean;
  };
  readonly emqx: { readonly ca: string | undefined; readonly insecure: boolean };
}

/** Reads HOME/etc/agent.yaml; no file means all defaults. Throws `config_invalid` naming line, key and what is allowed. */
export async function loadConfig(home: Home): Promise<AgentConfig> {
  let source: string | undefined;
  try {
    source = readTextIfAny(home.config);
  } catch (error) {
    throw new Failure('unusable_path', { path: home.config, reason: reasonOf(error) });
  }
  // Without a file YAML and the schema are never loaded: an agent with defaults stays small.
  if (source === undefined) return complete({}, home);
  const { parseConfig } = await import('./parse.ts');
  return complete(parseConfig(source, home.config), home);
}

/** Fills in the defaults of a checked file. */
export function complete(file: FileContent, home: Home): AgentConfig {
  const {
    logger = {},
    heartbeat = {},
    monitoring = {},
    health = {},
    logs = {},
    tunnel = {},
    emqx = {},
  } = file.agent ?? {};
  const pem = (path: string | undefined) => (path === undefined ? undefined : readPem(home, path));
  return {
    logger: {
      mode: logger.mode,
      level: logger.level ?? 'warn',
      file: pathAt(home, logger.file ?? 'log/agent.log'),
      format: logger.format ?? 'text',
      maxBytes: bytesOf(logger.max_size ?? '10MiB'),
      maxFiles: logger.max_files ?? 5,
    },
    heartbeatMs: millisecondsOf(heartbeat.interval ?? 10, 'agent.heartbeat.interval', home),
    monitoring: {
      intervalMs: millisecondsOf(monitoring.interval ?? 10, 'agent.monitoring.interval', home),
      exporterUrl: monitoring.exporter_url,
    },
    health: addressOf(health.listen, home),
    logs: {
      include: logs.include ?? [],
      exclude: logs.exclude ?? [],
      fields: logs.fields ?? {},
      redact: logs.redact?.map((pattern) => checkPattern(pattern, home)) ?? [],
      gzip: logs.gzip ?? true,
      ca: pem(logs.ca_file),
      insecure: logs.insecure ?? false,
    },
    tunnel: {
      ca: pem(tunnel.ca_file),
      cert: pem(tunnel.cert_file),
      key: pem(tunnel.key_file),
      insecure: tunnel.insecure ?? false,
    },
    emqx: { ca: pem(emqx.ca_file), insecure: emqx.insecure ?? false },
  };
}

/** PEM text of a file named in agent.yaml or with `--ca-file`. Throws `config_invalid` when it is none. */
export function readPem(home: Home, path: string): string {
  const full = pathAt(home, path);
  let pem: string;
  try {
    pem = readFileSync(full, 'utf8');
  } catch (error) {
    throw new Failure('unusable_path', { path: full, reason: reasonOf(error) });
  }
  if (!pem.includes('-----BEGIN ')) {
    throw new Failure('unusable_path', { path: full, reason: { en: 'not a PEM file', zh: '不是 PEM 文件' } });
  }
  return pem;
}

function invalid(home: Home, en: string, zh: string): Failure {
  return new Failure('config_invalid', { path: home.config, reason: { en, zh } });
}

/** Between one second and a day: faster would be an attack on ECP, slower looks like a dead agent. */
function millisecondsOf(value: string | number, key: string, home: Home): number {
  const ms = typeof value === 'number' ? Math.round(value * 1000) : parseDuration(value);
  if (ms !== undefined && ms >= 1000 && ms <= 86_400_000) return ms;
  throw invalid(
    home,
    `${key} must lie between 1s and 1d, not ${value}`,
    `${key} 必须在 1s 到 1d 之间，而不是 ${value}`,
  );
}

function bytesOf(value: string | number): number {
  if (typeof value === 'number') return value;
  return Math.max(1024, parseSize(value) ?? 0);
}

function addressOf(listen: string | undefined, home: Home): AgentConfig['health'] {
  if (listen === undefined) return undefined;
  const at = listen.lastIndexOf(':');
  const port = Number(listen.slice(at + 1));
  if (port > 65_535) {
    throw invalid(home, `agent.health.listen: no port ${port}`, `agent.health.listen：没有端口 ${port}`);
  }
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port };
}

function checkPattern(pattern: string, home: Home): string {
  try {
    new RegExp(pattern);
    return pattern;
  } catch (error) {
    throw invalid(home, `agent.logs.redact: ${reasonOf(error)}`, `agent.logs.redact：${reasonOf(error)}`);
  }
}
