import type { Generation } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import type { Db } from './world.ts';

/** What a license allows. Dates are days, `2030-12-31`, and the last one is included. */
export interface LicenseTerms {
  readonly type: string;
  readonly customerName: string;
  readonly customerContact: string;
  readonly startDate: string;
  readonly expiredDate: string;
  readonly maxEmqxClusterCount: number;
  readonly maxSingleClusterConnectionCount: number;
  readonly totalClusterConnectionCount: number;
  readonly maxEdgeServiceCount: number;
  readonly maxTagCount: number;
  /** EMQX generations whose connections may be limited through ECP (ecp.md section 5). */
  readonly emqxGenerations: readonly Generation[];
}

/** What counts until a license is uploaded: enough to try everything, without a date on which pipelines break. */
export const trial: LicenseTerms = {
  type: 'trial',
  customerName: 'Trial',
  customerContact: '',
  startDate: '2024-01-01',
  expiredDate: '9999-12-31',
  maxEmqxClusterCount: 100,
  maxSingleClusterConnectionCount: 100_000,
  totalClusterConnectionCount: 1_000_000,
  maxEdgeServiceCount: 0,
  maxTagCount: 0,
  emqxGenerations: [4, 5],
};

export async function currentLicense(db: Db): Promise<LicenseTerms> {
  const row = await db.selectFrom('settings').select('value_json').where('name', '=', 'license').executeTakeFirst();
  return row ? (JSON.parse(row.value_json) as { terms: LicenseTerms }).terms : trial;
}

export function isExpired(terms: LicenseTerms, now: number): boolean {
  return new Date(now).toISOString().slice(0, 10) > terms.expiredDate;
}

export interface Usage {
  readonly clusters: number;
  readonly connections: number;
}

/** Clusters there are and connections they hold; without the one given. */
export async function licenseUsage(db: Db, exceptClusterId = ''): Promise<Usage> {
  const { clusters, connections } = await db
    .selectFrom('clusters')
    .select((eb) => [eb.fn.countAll<number>().as('clusters'), eb.fn.sum<number | null>('reserved').as('connections')])
    .where('id', '<>', exceptClusterId)
    .executeTakeFirstOrThrow();
  return { clusters, connections: connections ?? 0 };
}

/**
 * Refuses what the license does not allow; to be called in the transaction that writes the reservation, so that two at
 * once cannot both get the last connections. Giving back is always allowed.
 */
export async function checkConnections(
  db: Db,
  now: number,
  wish: { readonly clusterId: string; readonly before: number; readonly after: number },
): Promise<void> {
  if (wish.after <= wish.before) return;
  const terms = await currentLicense(db);
  refuseExpired(terms, now);
  const most = terms.maxSingleClusterConnectionCount;
  if (wish.after > most) {
    throw new Failure('refused', {
      reason: `the license allows ${most} connections in one cluster, not ${wish.after}`,
    });
  }
  const { connections } = await licenseUsage(db, wish.clusterId);
  const left = Math.max(0, terms.totalClusterConnectionCount - connections);
  if (wish.after > left) {
    const reason = `the license has ${left} of ${terms.totalClusterConnectionCount} connections left, not ${wish.after}`;
    throw new Failure('refused', { reason });
  }
}

/** Refuses one cluster more than the license allows; in the transaction that adds it. */
export async function checkClusterCount(db: Db, now: number): Promise<void> {
  const terms = await currentLicense(db);
  refuseExpired(terms, now);
  const { clusters } = await licenseUsage(db);
  if (clusters < terms.maxEmqxClusterCount) return;
  throw new Failure('refused', {
    reason: `the license allows ${terms.maxEmqxClusterCount} clusters, and there are ${clusters}`,
  });
}

/** Refuses a generation of EMQX that the license does not cover. */
export async function checkGeneration(db: Db, generation: Generation | undefined): Promise<void> {
  const { emqxGenerations } = await currentLicense(db);
  if (generation !== undefined && emqxGenerations.includes(generation)) return;
  const covered = emqxGenerations.map((known) => `v${known}`).join(', ') || 'no generation';
  throw new Failure('refused', {
    reason: `the license covers ${covered} of EMQX, not ${generation === undefined ? 'this one' : `v${generation}`}`,
  });
}

function refuseExpired(terms: LicenseTerms, now: number): void {
  if (isExpired(terms, now)) throw new Failure('refused', { reason: `the license expired on ${terms.expiredDate}` });
}
