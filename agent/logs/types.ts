import type { Clock } from '../../src/core/clock.ts';
import type { Logger, PartStatus } from '../part.ts';

/** What the log shipper needs to know; the daemon makes it from agent.yaml, the registration and ECP's metadata. */
export interface LogSettings {
  /** EMQX's log directory. */
  readonly directory: string;
  /** Set names (`emqx.log`, `audit.log`) to take or leave; patterns with `*`. Empty include: the default sets. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly clusterId: string;
  /** The agent's UUID; part of each record's id. */
  readonly agentId: string;
  readonly agentVersion: string;
  /** EMQX's node name where it is known already. */
  readonly nodeName: string | undefined;
  readonly target: LogTarget;
  /** Renames of document fields, from -> to (contract: ours.md, `x.logs` and agent.yaml). */
  readonly fields: Readonly<Record<string, string>>;
  /** Regular expressions over the bytes of a line; what matches is replaced. */
  readonly redact: readonly string[];
  readonly gzip: boolean;
}

/** An Elasticsearch-compatible `_bulk` endpoint. */
export interface LogTarget {
  readonly urls: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly index: string;
  /** PEM of a CA to trust beside the system's. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

export interface LogStatus extends PartStatus {
  readonly delivered: number;
  readonly retried: number;
  readonly dead: number;
  /** Records known to be overwritten before they were read; with `lostBytes` where only bytes are known. */
  readonly lost: number;
  readonly lostBytes: number;
  readonly files: readonly LogFileStatus[];
}

export interface LogFileStatus {
  readonly set: string;
  readonly path: string;
  readonly size: number;
  readonly acknowledged: number;
  /** Bytes that the wrap may still write before it reaches what is unread; undefined where the set does not wrap. */
  readonly distance: number | undefined;
}

/** What the shipper takes from outside, so that a test can hold it. */
export interface LogDeps {
  /** Directory of the checkpoint and the dead letters; made when missing. */
  readonly stateDirectory: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}
