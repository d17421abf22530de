import type { HistoryPoint } from '../../contract/monitor.ts';
import type { Telemetry } from '../../contract/telemetry.ts';
import type { Db } from '../domain/world.ts';
import type { HistoryRow } from '../store/schema.ts';

/** Steps of the history and how long each is kept, in seconds: the older, the coarser. */
export const resolutions = [
  { step: 10, keep: 2 * 3600 },
  { step: 60, keep: 24 * 3600 },
  { step: 600, keep: 7 * 24 * 3600 },
  { step: 3600, keep: 90 * 24 * 3600 },
] as const;

const finest = resolutions[0].step;
/** Most points of one answer. */
const mostPoints = 1500;

/** Samples on their way into every resolution. Collected and written together: one sync of the disk for all clusters. */
export class History {
  readonly #db: Db;
  readonly #pending = new Map<string, HistoryRow>();
  /** The last finest step of a cluster that has its sample. */
  readonly #sampled = new Map<string, number>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** Takes one sample of a cluster for each finest step, whichever agent was first. */
  take(clusterId: string, now: number, { traffic }: Telemetry): void {
    const time = begin(now, finest);
    if (!traffic || this.#sampled.get(clusterId) === time) return;
    this.#sampled.set(clusterId, time);
    for (const { step } of resolutions) {
      const row: HistoryRow = {
        cluster_id: clusterId,
        step,
        time: begin(now, step),
        samples: 1,
        connections: whole(traffic.connections),
        peak: whole(traffic.connections),
        subscriptions: whole(traffic.subscriptions),
        topics: whole(traffic.topics),
        received: real(traffic.received),
        sent: real(traffic.sent),
        dropped: real(traffic.dropped),
      };
      const key = `${clusterId} ${step} ${row.time}`;
      const before = this.#pending.get(key);
      this.#pending.set(key, before ? added(before, row) : row);
    }
  }

  /** Writes what was collected, and deletes what is too old. */
  async flush(now: number): Promise<void> {
    const rows = [...this.#pending.values()];
    this.#pending.clear();
    await this.#db.transaction().execute(async (tx) => {
      for (const row of rows) await write(tx, row);
      for (const { step, keep } of resolutions) {
        await tx
          .deleteFrom('history')
          .where('step', '=', step)
          .where('time', '<', now - keep * 1000)
          .execute();
      }
    });
  }

  /** Points between two moments (milliseconds) in the finest resolution that reaches back so far. */
  async read(
    clusterId: string,
    now: number,
    from: number,
    to: number,
  ): Promise<{ readonly step: number; readonly data: HistoryPoint[] }> {
    const { step } =
      resolutions.find(({ step: s, keep }) => now - from <= keep * 1000 && to - from <= mostPoints * s * 1000) ??
      (resolutions.at(-1) as (typeof resolutions)[3]);
    const rows = await this.#db
      .selectFrom('history')
      .selectAll()
      .where('cluster_id', '=', clusterId)
      .where('step', '=', step)
      .where('time', '>=', begin(from, step))
      .where('time', '<=', to)
      .orderBy('time')
      .limit(2 * mostPoints)
      .execute();
    return { step, data: rows.map(show) };
  }
}

async function write(db: Db, row: HistoryRow): Promise<void> {
  // A cluster may have been deleted since its agent spoke.
  const cluster = await db.selectFrom('clusters').select('id').where('id', '=', row.cluster_id).executeTakeFirst();
  if (!cluster) return;
  const before = await db
    .selectFrom('history')
    .selectAll()
    .where('cluster_id', '=', row.cluster_id)
    .where('step', '=', row.step)
    .where('time', '=', row.time)
    .executeTakeFirst();
  const sum = before ? added(before, row) : row;
  await db
    .insertInto('history')
    .values(sum)
    .onConflict((conflict) => conflict.columns(['cluster_id', 'step', 'time']).doUpdateSet(sum))
    .execute();
}

function added(a: HistoryRow, b: HistoryRow): HistoryRow {
  return {
    ...a,
    samples: a.samples + b.samples,
    connections: a.connections + b.connections,
    peak: Math.max(a.peak, b.peak),
    subscriptions: a.subscriptions + b.subscriptions,
    topics: a.topics + b.topics,
    received: a.received + b.received,
    sent: a.sent + b.sent,
    dropped: a.dropped + b.dropped,
  };
}

function show(row: HistoryRow): HistoryPoint {
  const mean = (sum: number) => Math.round((sum / row.samples) * 100) / 100;
  return {
    time: row.time,
    connectCount: mean(row.connections),
    connectPeak: row.peak,
    subscriptionCount: mean(row.subscriptions),
    topicCount: mean(row.topics),
    in: mean(row.received),
    out: mean(row.sent),
    dropped: mean(row.dropped),
  };
}

function begin(ms: number, step: number): number {
  return Math.floor(ms / (step * 1000)) * step * 1000;
}

/** The store takes whole numbers up to 2^53, and nobody has more connections than that. */
function whole(value = 0): number {
  return Math.min(Math.max(Math.trunc(value), 0), 1e12);
}

function real(value = 0): number {
  return Math.min(Math.max(value, 0), 1e12);
}
