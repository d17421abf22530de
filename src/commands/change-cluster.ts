import type { ClustersApi, TaskId } from '../api/clusters.ts';
import type { Goal } from '../cli/change.ts';
import { changeOptions, orWhatGoesOn, seeThrough } from '../cli/change.ts';
import type { FoundCluster } from '../cli/clusters.ts';
import { chooseCluster } from '../cli/clusters.ts';
import type { Change, Consent } from '../cli/confirm.ts';
import { confirmChange } from '../cli/confirm.ts';
import type { DryRun } from '../cli/dry-run.ts';
import { changing } from '../cli/dry-run.ts';
import { requireFeature } from '../cli/features.ts';
import type { EcpContext } from '../cli/session.ts';
import type { WaitOptions } from '../cli/wait.ts';
import type { Feature } from '../contract/features.ts';
import type { Text } from '../core/text.ts';
import { showCluster } from './show.ts';

export { changeOptions };

export interface ClusterChange {
  readonly feature: Feature;
  readonly weight: Change['weight'];
  readonly goal: Goal;
  /** What is done, as a noun: `scaling of plant-1`. */
  readonly what: (name: string) => Text;
  /** Checks and warnings that need the cluster; before anything is asked or sent. */
  readonly prepare?: (found: FoundCluster) => Promise<void> | void;
  readonly send: (clusters: ClustersApi, found: FoundCluster) => Promise<TaskId>;
}

/** The way of every verb that changes a cluster: find it, check, confirm, send, see it through, show what it is now. */
export async function changeCluster(
  context: EcpContext,
  word: string | undefined,
  options: WaitOptions & Consent & { readonly dryRun?: DryRun },
  change: ClusterChange,
): Promise<void> {
  const found = await chooseCluster(context, word);
  await requireFeature(context, found.cluster, change.feature);
  await change.prepare?.(found);
  const name = found.cluster.deployName;
  const what = change.what(name);
  if (!options.dryRun) await confirmChange(context, { action: what, name, weight: change.weight }, options);
  await changing(context, options.dryRun, async ({ clusters }) => {
    const taskId = await orWhatGoesOn(context, found.at, change.send(clusters, found));
    const after = await seeThrough(context, { at: found.at, name, taskId, goal: change.goal, what }, options);
    if (after) await showCluster(context, after);
  });
}
