import type { KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import type { Tables } from '../store/schema.ts';
import type { Keys } from './keys.ts';
import type { TokenLives } from './sessions.ts';

export type Db = Kysely<Tables>;

/** What the rules need to know of the outside; one per running server. */
export interface World {
  readonly db: Db;
  readonly clock: Clock;
  /** When this server began to listen; nobody could report before. */
  readonly startedAt: number;
  readonly keys: Keys;
  readonly settings: Settings;
  /** One line for whoever runs the server; never a secret. */
  readonly log: (level: 'info' | 'warning' | 'error', message: string) => void;
}

/** How this server was started, with all defaults filled in. */
export interface Settings {
  /** What hosted clusters run on; Docker offers less (ecp.md section 5). */
  readonly platform: 'kubernetes' | 'docker';
  /** How often an agent reports, in milliseconds; three missed reports are too many. */
  readonly heartbeatMs: number;
  readonly tokenLives: TokenLives;
  /** Where agents and people reach this server, without a slash at the end. */
  readonly url: string;
  readonly mqttUrl: string;
  /** Where the agent's files lie; undefined: they are named, not served. */
  readonly agentsDirectory: string | undefined;
  /** Checks license files; without it none is taken. */
  readonly licenseKey: KeyObject | undefined;
}
