import type { EcpContext } from '../cli/session.ts';
import type { Deployment } from '../contract/deployments.ts';
import { clusterView, shownCluster } from './views.ts';

/** The cluster after a change: the object for a script, a line of the table for a person. */
export async function showCluster(context: EcpContext, cluster: Deployment): Promise<void> {
  const tables = await context.tables();
  await context.out.item(shownCluster(cluster, tables), clusterView(tables));
}
