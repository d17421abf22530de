import type { Deployment } from '../contract/deployments.ts';
import type { Feature } from '../contract/features.ts';
import { offered, subjectOf } from '../contract/features.ts';
import { Failure } from '../core/errors.ts';
import type { EcpContext } from './session.ts';

/** @throws Failure refused with the reason where this kind of cluster does not have the feature; asks nobody to change anything. */
export async function requireFeature(context: EcpContext, cluster: Deployment, feature: Feature): Promise<void> {
  const types = (await context.tables()).clusterType;
  const alone = offered(feature, subjectOf(cluster, types));
  if (alone !== true) throw new Failure('refused', { reason: alone });
  if (!types.byNumber.get(cluster.type)?.hosted) return;
  // Only a hosted cluster depends on what the platform runs on.
  const { xPlatform } = await (await context.client()).platform.version(context.signal);
  const here = offered(feature, subjectOf(cluster, types, xPlatform));
  if (here !== true) throw new Failure('refused', { reason: here });
}
