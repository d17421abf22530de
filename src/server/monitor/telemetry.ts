import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Telemetry } from '../../contract/telemetry.ts';

const check = TypeCompiler.Compile(Telemetry);

/** The last word of an agent. */
export interface Heard {
  readonly agentId: number;
  readonly clusterId: string;
  /** When it came, by this server's clock, in milliseconds. */
  readonly at: number;
  readonly telemetry: Telemetry;
}

/** Reads a telemetry message; undefined for what is none. */
export function readTelemetry(message: Uint8Array): Telemetry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString());
  } catch {
    return undefined;
  }
  return check.Check(value) ? value : undefined;
}

/**
 * What agents said last, in memory: after a restart they say it again within one interval. Several agents of a cluster
 * see the same cluster, so the newest word counts.
 */
export class Telemetries {
  readonly #byAgent = new Map<number, Heard>();
  readonly #freshMs: number;

  /** `freshMs`: how old a word may be and still be true. */
  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  take(heard: Heard): void {
    this.#byAgent.set(heard.agentId, heard);
  }

  forget(agentId: number): void {
    this.#byAgent.delete(agentId);
  }

  /** The newest word on a cluster; undefined where nobody has spoken of late. */
  ofCluster(clusterId: string, now: number): Heard | undefined {
    let newest: Heard | undefined;
    for (const heard of this.#byAgent.values()) {
      if (heard.clusterId !== clusterId || now - heard.at > this.#freshMs) continue;
      if (newest === undefined || heard.at > newest.at) newest = heard;
    }
    return newest;
  }
}
