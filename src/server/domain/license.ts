import type { Generation } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
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

/** Puts a license in the place of the one that counted; what is in use already stays. */
export async function installLicense(db: Db, now: number, operator: Operator, terms: LicenseTerms): Promise<void> {
  const today = dayOf(now);
  if (terms.expiredDate < today)
    throw new Failure('refused', { reason: `the license expired on ${terms.expiredDate}` });
  if (terms.startDate > today) throw new Failure('refused', { reason: `the license begins on ${terms.startDate}` });
  const value_json = JSON.stringify({ terms });
  await db.transaction().execute(async (tx) => {
    const before = await currentLicense(tx);
    await tx
      .insertInto('settings')
      .values({ name: 'license', value_json })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value_json }))
      .execute();
    await audit(tx, now, { resource: 'license', operation: 'license', operator, before, after: terms });
  });
}

export async function currentLicense(db: Db): Promise<LicenseTerms> {
  const row = await db.selectFrom('settings').select('value_json').where('name', '=', 'license').executeTakeFirst();
  return row ? (JSON.parse(row.value_json) as { terms: LicenseTerms }).terms : trial;
}

export function isExpired(terms: LicenseTerms, now: number): boolean {
  return dayOf(now) > terms.expiredDate;
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

/** Sentences about what will soon be refused: from nine tenths of a quota and thirty days before the end. */
export function licenseWarnings(terms: LicenseTerms, usage: Usage, now: number): string[] {
  const warnings: string[] = [];
  const days = Math.ceil((Date.parse(`${terms.expiredDate}T23:59:59.999Z`) - now) / 86_400_000);
  if (isExpired(terms, now)) warnings.push(`the license expired on ${terms.expiredDate}`);
  else if (days <= 30) warnings.push(`the license expires in ${days} days, on ${terms.expiredDate}`);
  const used: [string, number, number][] = [
    ['connections', usage.connections, terms.totalClusterConnectionCount],
    ['clusters', usage.clusters, terms.maxEmqxClusterCount],
  ];
  for (const [what, count, quota] of used) {
    if (count > 0 && count >= quota * 0.9) warnings.push(`${count} of ${quota} ${what} of the license are in use`);
  }
  return warnings;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
