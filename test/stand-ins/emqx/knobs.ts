/** Everything a test can turn on the EMQX stand-in, also while it runs. */
export interface Knobs {
  generation: 4 | 5;
  /** As EMQX writes it, without prefix. */
  version: string;
  edition: 'Enterprise' | 'Opensource';
  /** Names of all nodes; the first is the one that answers. */
  nodes: string[];
  stopped: string[];
  username: string;
  password: string;
  /** v5: API key and secret; v4: AppID and AppSecret of the management port. */
  apiKey: string;
  apiSecret: string;
  role: 'administrator' | 'viewer';
  mfa: boolean;
  /** Failed logins after which the user is locked, as 5.9 does; 0 never locks. */
  lockAfter: number;
  locked: boolean;
  /** Milliseconds before each answer. */
  delayMs: number;
  /** Takes the request and never answers. */
  silent: boolean;
  /** 503 from everything, as while starting. */
  starting: boolean;
  /** How tokens fare: `timeout` and `unknown` refuse every one given so far, once. */
  tokens: 'good' | 'timeout' | 'unknown';
  license: 'official' | 'business-critical' | 'expired' | 'absent';
  /** What the license grants. */
  maxConnections: number;
  /** The dynamic limit: what counts is the smaller of the two, with a business-critical license alone. */
  dynamicMaxConnections: number;
  /** Keys that `POST /license` takes, and the license each is. */
  licenseKeys: Record<string, { license: Knobs['license']; maxConnections: number }>;
  /** v4: path of the call that sets the dynamic limit, below /api/v4; empty: it is not known there. */
  dynamicLicensePath: string;
  connections: number;
  /** v5: the rules there are, and whether each runs. */
  rules: Record<string, boolean>;
  /** v5: HTTP connectors by name. One that is `disconnected` raises EMQX's own alarm too; `stopped` is switched off. */
  connectors: Record<string, 'connected' | 'connecting' | 'disconnected' | 'stopped'>;
  /** v5: further alarms that are active, and what each says. */
  alarms: Record<string, string>;
  logDir: string;
  /** Paths (below /api/v5 or /api/v4) that this release does not have. */
  missing: string[];
  /** Paths that fail with the status given. */
  broken: Record<string, number>;
}

export const knobDefaults: Knobs = {
  generation: 5,
  version: '5.8.6',
  edition: 'Enterprise',
  nodes: ['emqx@127.0.0.1'],
  stopped: [],
  username: 'admin',
  password: 'public',
  apiKey: 'key',
  apiSecret: 'secret',
  role: 'administrator',
  mfa: false,
  lockAfter: 0,
  locked: false,
  delayMs: 0,
  silent: false,
  starting: false,
  tokens: 'good',
  license: 'official',
  maxConnections: 1000,
  dynamicMaxConnections: 25,
  licenseKeys: {},
  dynamicLicensePath: '',
  connections: 12,
  rules: { r_good: true, r_off: false },
  connectors: { bad_http: 'disconnected', good_http: 'connected' },
  alarms: { high_system_memory_usage: 'System memory usage is higher than 70%' },
  logDir: '/var/log/emqx',
  missing: [],
  broken: {},
};

/** The limit that counts now (contract: emqx.md A10). */
export function effectiveLimit({ license, maxConnections, dynamicMaxConnections }: Knobs): number {
  return license === 'business-critical' ? Math.min(maxConnections, dynamicMaxConnections) : maxConnections;
}
