import { isDeepStrictEqual } from 'node:util';
import type { Metadata, Report } from '../../src/contract/agent.ts';
import type { Clock } from '../../src/core/clock.ts';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import type { Logger, Part, PartStatus } from '../part.ts';
import { type Beat, cadence } from './cadence.ts';
import type { ConnectEcp, EcpAddress, EcpConnection } from './connect.ts';

export interface ReportSettings extends EcpAddress {
  readonly token: string;
  readonly intervalMs: number;
}

export interface ReportStatus extends PartStatus {
  /** ECP no longer knows this agent's token: reports have stopped until the next registration. */
  readonly refused: boolean;
}

export interface ReporterDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly connect: ConnectEcp;
  /** What to report, as it is at this moment. */
  readonly report: () => Report;
  readonly received: (metadata: Metadata) => void;
}

export interface Reporter extends Part<ReportSettings, ReportStatus> {
  /** Asks for the metadata soon, because what it said no longer works; at most once a minute. */
  refreshMetadata(): void;
  /** Reports at once what has changed; ECP hears of it anyway with the next interval. Not while ECP is in trouble. */
  reportSoon(): void;
}

const metadataEveryMs = 600_000;
const refreshAtMostEveryMs = 60_000;

/** A sentence for each of the two conversations with ECP; undefined while it goes well. */
interface Trouble {
  report: string | undefined;
  metadata: string | undefined;
}

/** Tells ECP every interval how this node is doing, and keeps ECP's metadata fresh (contract: ecp.md section 3). */
export function createReporter(deps: ReporterDeps): Reporter {
  const { clock, log } = deps;
  let settings: ReportSettings | undefined;
  let stop: AbortController | undefined;
  let metadataWake: AbortController | undefined;
  let reportWake: AbortController | undefined;
  let metadataAskedAt = Number.NEGATIVE_INFINITY;
  let trouble: Trouble = { report: undefined, metadata: undefined };
  let refused = false;
  let lastSuccess: number | undefined;
  let status: { state: PartStatus['state']; since: number } = { state: 'off', since: clock.now() };

  const settle = () => {
    const failing = trouble.report !== undefined || trouble.metadata !== undefined;
    const state = !settings ? 'off' : failing ? 'failing' : lastSuccess === undefined ? 'starting' : 'healthy';
    if (state !== status.state) status = { state, since: clock.now() };
  };

  const failed = (kind: keyof Trouble, error: unknown): boolean => {
    const final = error instanceof Failure && error.status === 401;
    const reason = final
      ? 'ECP no longer accepts this agent: it was deleted there or registered again; register it anew'
      : reasonOf(error);
    if (trouble[kind] !== reason) log.warn(`${kind} failed`, { reason });
    trouble[kind] = reason;
    if (final) {
      refused = true;
      stop?.abort();
    }
    settle();
    return !final;
  };

  const succeeded = (kind: keyof Trouble) => {
    if (trouble[kind] !== undefined) log.info(`${kind} works again`);
    trouble[kind] = undefined;
    if (kind === 'report') lastSuccess = clock.now();
    settle();
  };

  const fetchMetadata = async (connection: EcpConnection, signal: AbortSignal) => {
    metadataAskedAt = clock.monotonic();
    const metadata = await connection.metadata(signal);
    signal.throwIfAborted();
    deps.received(metadata);
  };

  /** One of the two conversations, begun over at once by the wake it hands out. */
  const converse = async (kind: keyof Trouble, beat: Pick<Beat, 'everyMs' | 'work'>, signal: AbortSignal) => {
    while (!signal.aborted) {
      const wake = new AbortController();
      if (kind === 'report') reportWake = wake;
      else metadataWake = wake;
      const whole: Beat = { ...beat, succeeded: () => succeeded(kind), failed: (error) => failed(kind, error) };
      await cadence(whole, deps, AbortSignal.any([signal, wake.signal]));
    }
  };

  const run = async (current: ReportSettings, signal: AbortSignal) => {
    let connection: EcpConnection;
    try {
      connection = await deps.connect(current, current.token);
    } catch (error) {
      failed('report', error);
      return;
    }
    try {
      await Promise.all([
        converse(
          'metadata',
          { everyMs: () => metadataEveryMs, work: (inner) => fetchMetadata(connection, inner) },
          signal,
        ),
        converse(
          'report',
          { everyMs: () => current.intervalMs, work: (inner) => connection.report(deps.report(), inner) },
          signal,
        ),
      ]);
    } finally {
      await connection.close();
    }
  };

  return {
    name: 'report',
    apply(next) {
      if (isDeepStrictEqual(settings, next)) return;
      stop?.abort();
      settings = next;
      refused = false;
      trouble = { report: undefined, metadata: undefined };
      lastSuccess = undefined;
      stop = undefined;
      if (next) {
        stop = new AbortController();
        run(next, stop.signal).catch((error: unknown) => log.error('reporting ended', { reason: reasonOf(error) }));
      }
      settle();
    },
    refreshMetadata() {
      if (clock.monotonic() - metadataAskedAt >= refreshAtMostEveryMs) metadataWake?.abort();
    },
    reportSoon() {
      if (status.state === 'healthy') reportWake?.abort();
    },
    async stop() {
      stop?.abort();
    },
    status() {
      const reason = trouble.report ?? trouble.metadata;
      return {
        ...status,
        refused,
        ...(status.state === 'failing' && reason !== undefined && { reason }),
        ...(lastSuccess !== undefined && { lastSuccess }),
      };
    },
  };
}
