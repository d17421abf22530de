/** How one part of the agent is doing, in words that `status` shows and a report carries. Times: epoch milliseconds. */
export interface PartStatus {
  /** `off`: nothing to do (not registered, not enabled). `starting`: no result yet. */
  readonly state: 'off' | 'starting' | 'healthy' | 'failing';
  /** Since when it is in this state. */
  readonly since: number;
  /** A sentence an operator understands; present when failing. */
  readonly reason?: string;
  readonly lastSuccess?: number;
}

/**
 * A part of the daemon: reporter, EMQX observer, tunnel, log shipper. It lives as long as the daemon; settings come
 * and go under it. Nothing of it throws: trouble is its status.
 */
export interface Part<Settings, Status extends PartStatus = PartStatus> {
  readonly name: string;
  /** Takes new settings into effect at once and without a gap; undefined switches the part off. Idempotent. */
  apply(settings: Settings | undefined): void;
  /** Ends in at most `graceMs`, flushing what can be flushed. */
  stop(graceMs: number): Promise<void>;
  status(): Status;
}

/** The agent's own log. Fields are data, never secrets; each part gets one bound to its name. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
