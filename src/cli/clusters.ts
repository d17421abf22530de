import type { ClusterPlace } from '../api/clusters.ts';
import type { Deployment } from '../contract/deployments.ts';
import { stateName } from '../contract/states.ts';
import { Failure, isFailure } from '../core/errors.ts';
import { nextCommand } from './next.ts';
import { kinds, noSuch } from './places.ts';
import type { EcpContext } from './session.ts';

export interface FoundCluster {
  readonly at: ClusterPlace;
  readonly cluster: Deployment;
}

/**
 * The cluster of the present project that `word` names: its name as it is written, or its id.
 *
 * @throws Failure ambiguous_name listing the ids; not_found with the nearest name.
 */
export async function findCluster(context: EcpContext, word: string): Promise<FoundCluster> {
  const client = await context.client();
  const place = await context.place();
  const found = (cluster: Deployment): FoundCluster => ({ at: { ...place, clusterId: cluster.id }, cluster });
  // How a server matches `deployName` is not published: it narrows, the exact comparison is ours.
  const named = (await client.clusters.list(place, { deployName: word }, context.signal)).filter(
    (one) => one.deployName === word,
  );
  const [first, ...others] = named;
  if (first && others.length === 0) return found(first);
  if (first) {
    const ids = named.map((one) => one.id).join(', ');
    throw new Failure('ambiguous_name', { kind: kinds.cluster, name: word, ids });
  }
  const byId = /^[\w-]{8,}$/.test(word) ? await getIfAny(context, { ...place, clusterId: word }) : undefined;
  if (byId) return found(byId);
  const all = await client.clusters.list(place, {}, context.signal);
  const failure = noSuch(
    all.map(({ id, deployName: name }) => ({ id, name })),
    word,
    kinds.cluster,
  );
  if (failure.hint) throw failure;
  const everywhere = nextCommand(context, ['list', '--all-projects'], { project: undefined });
  const hint = { en: `See all clusters with: ${everywhere}`, zh: `查看所有集群：${everywhere}` };
  throw new Failure('not_found', failure.values, { hint });
}

async function getIfAny(context: EcpContext, at: ClusterPlace): Promise<Deployment | undefined> {
  try {
    return await (await context.client()).clusters.get(at, context.signal);
  } catch (error) {
    if (isFailure(error, 'not_found', 'forbidden')) return undefined;
    throw error;
  }
}

/** The cluster that was named; where none was, the person picks one. */
export async function chooseCluster(context: EcpContext, word: string | undefined): Promise<FoundCluster> {
  if (word !== undefined) return findCluster(context, word);
  if (!context.interactive) throw new Failure('missing_argument', { name: 'CLUSTER' });
  const place = await context.place();
  const [all, tables] = await Promise.all([
    (await context.client()).clusters.list(place, {}, context.signal),
    context.tables(),
  ]);
  const cluster = await (await context.prompt()).pick(
    { en: 'Which cluster?', zh: '选择集群' },
    all.map((one) => ({
      name: one.deployName,
      value: one,
      hint: `${one.id}  ${stateName(tables.clusterStatus, one.status, context.lang)}`,
    })),
  );
  return { at: { ...place, clusterId: cluster.id }, cluster };
}
