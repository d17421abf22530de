import type { Quota } from '../../contract/configuration.ts';
import { Failure } from '../../core/errors.ts';
import type { HostedSpec } from '../providers/provider.ts';
import { getSetting } from './settings.ts';
import type { Db } from './world.ts';

/** The quota of this name, or the default one for an empty name. */
export async function findQuota(db: Db, name: string): Promise<Quota> {
  const { quotas } = await getSetting(db, 'quotas');
  const quota =
    name === '' ? (quotas.find((row) => row.default) ?? quotas[0]) : quotas.find((row) => row.name === name);
  if (quota) return quota;
  const known = quotas.map((row) => row.name).join(', ') || 'none';
  throw new Failure('invalid_value', {
    name: 'resourceLimit',
    reason: `there is no quota "${name}"; there are: ${known}`,
  });
}

/** The image as the list has it, or the default one for an empty name. */
export async function findImage(db: Db, image: string): Promise<string> {
  const images = await getSetting(db, 'images');
  const row =
    image === '' ? (images.find((known) => known.default) ?? images[0]) : images.find((known) => known.image === image);
  if (row) return row.image;
  const known = images.map((entry) => entry.image).join(', ') || 'none';
  throw new Failure('invalid_value', {
    name: 'image',
    reason: `"${image}" is not in the image list; there are: ${known}`,
  });
}

/**
 * Refuses nodes beyond what all hosted clusters together may take (cores and GiB; 0 is without a limit). In the
 * transaction that writes the wish.
 */
export async function checkResources(
  db: Db,
  wish: { readonly clusterId: string; readonly spec: HostedSpec },
): Promise<void> {
  const total = await getSetting(db, 'total-quota');
  if (total.total_cpu_quota === 0 && total.total_memory_quota === 0) return;
  const { quotas } = await getSetting(db, 'quotas');
  const others = await db
    .selectFrom('clusters')
    .select('spec_json')
    .where('type', 'in', ['hosted-v4', 'hosted-v5'])
    .where('id', '<>', wish.clusterId)
    .execute();
  const specs = [...others.map((row) => JSON.parse(row.spec_json) as HostedSpec), wish.spec];
  let cores = 0;
  let gib = 0;
  for (const spec of specs) {
    const limits = quotas.find((row) => row.name === spec.resourceLimit)?.quota.emqx;
    cores += spec.replicas * readQuantity(limits?.cpu.limit);
    gib += (spec.replicas * readQuantity(limits?.memory.limit)) / 2 ** 30;
  }
  if (total.total_cpu_quota > 0 && cores > total.total_cpu_quota) {
    throw new Failure('refused', {
      reason: `this needs ${round(cores)} cores in all, and the quota is ${total.total_cpu_quota}`,
    });
  }
  if (total.total_memory_quota > 0 && gib > total.total_memory_quota) {
    throw new Failure('refused', {
      reason: `this needs ${round(gib)} GiB in all, and the quota is ${total.total_memory_quota}`,
    });
  }
}

const units: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity (`500m`, `2`, `4Gi`) as a number of cores or bytes; 0 for what is none. */
export function readQuantity(text: string | undefined): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([mkMGT]|[KMGT]i)?$/.exec(text?.trim() ?? '') ?? [];
  return number === undefined ? 0 : Number(number) * (unit === '' ? 1 : (units[unit] ?? 0));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
