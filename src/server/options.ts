import type { Clock } from '../core/clock.ts';
import type { TokenLives } from './domain/sessions.ts';
import type { Settings, World } from './domain/world.ts';
import type { EngineTarget } from './logs/elastic/client.ts';
import type { Retention } from './logs/retention.ts';
import type { Faults } from './providers/faults.ts';

export interface Endpoint {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** The broker of our own. */
export interface EmbeddedBroker extends Endpoint {
  /** PEM; with it TLS is spoken too, on the same port. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** A broker of others (docs/tunnel.md). */
export interface ExternalBroker {
  /** `mqtt://` or `mqtts://`, without credentials. */
  readonly url: string;
  /** Who the server is there. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** PEM; trusted beside the usual authorities. */
  readonly ca: string | undefined;
  /** Where the users that the broker must admit are written. */
  readonly usersFile: string | undefined;
}

export interface ServerOptions {
  readonly http: Endpoint;
  readonly mqtt: EmbeddedBroker | ExternalBroker;
  /** Where the state lives; undefined: in memory, gone with the process. */
  readonly dataDirectory: string | undefined;
  /** Password of the first administrator; undefined: one is made and given to `onPassword`. Counts on the first start alone. */
  readonly adminPassword: string | undefined;
  readonly onPassword: (password: string) => void;
  readonly platform: Settings['platform'];
  readonly faults: Faults;
  /** How long an operation of a simulated cluster takes, in milliseconds. */
  readonly simulatedMs: number;
  readonly heartbeatMs: number;
  readonly tokenLives: TokenLives;
  /** Where agents and people reach this server, if not where it listens. */
  readonly advertiseUrl: string | undefined;
  readonly advertiseMqtt: string | undefined;
  readonly agentsDirectory: string | undefined;
  /** Ed25519 public key in PEM that license files are checked with. */
  readonly licenseKey: string | undefined;
  /** Where EMQX 4.4 takes a connection limit; `/api/v4/dynamic_license` unless told otherwise (emqx.md B3: inferred). */
  readonly emqx4LimitPath?: string | undefined;
  /** A search engine that agents send their logs to, and that keeps them; undefined: this server does. */
  readonly elasticsearch?: EngineTarget | undefined;
  /** How much log is kept; what is left out is as `retentionDefaults` says, and in a search engine not limited. */
  readonly logRetention?: Partial<Retention>;
  /** Bytes of log one cluster may send in a minute, before compression; undefined: no limit. */
  readonly logQuota?: number | undefined;
  readonly clock: Clock;
  readonly log: World['log'];
  /** Refuse to send an answer that its own schema does not accept; for tests. */
  readonly checkAnswers: boolean;
}
