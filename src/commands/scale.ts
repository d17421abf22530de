import { pickByName } from '../cli/places.ts';
import type { EcpContext } from '../cli/session.ts';
import { Failure, usage } from '../core/errors.ts';
import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const scale = command({
  path: ['scale'],
  summary: { en: 'Change the number of nodes, or their specification', zh: '调整节点数量或节点规格' },
  description: {
    en: 'For hosted clusters. A cluster has 1 to 7 nodes; specifications are listed by: ecpctl spec list',
    zh: '仅适用于托管集群。集群可有 1 到 7 个节点；可用规格见：ecpctl spec list',
  },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: {
    replicas: { kind: 'integer', min: 1, max: 7, value: 'N', help: { en: 'Number of nodes', zh: '节点数量' } },
    spec: {
      kind: 'text',
      value: 'NAME',
      complete: 'specs',
      help: { en: 'Specification of each node', zh: '每个节点的规格' },
    },
    ...changeOptions,
  },
  examples: [
    { run: 'ecpctl scale plant-1 --replicas 3', help: { en: 'Horizontally', zh: '水平扩展' } },
    { run: 'ecpctl scale plant-1 --spec large --wait', help: { en: 'Vertically', zh: '垂直扩展' } },
  ],
  async run(context, { args, options }) {
    const { spec } = options;
    let { replicas } = options;
    if (replicas !== undefined && spec !== undefined) {
      throw usage('--replicas and --spec exclude each other', '--replicas 与 --spec 不能同时使用');
    }
    if (replicas === undefined && spec === undefined && !context.interactive) {
      throw usage('give --replicas N or --spec NAME', '请指定 --replicas N 或 --spec 名称');
    }
    await changeCluster(context, args.cluster, options, {
      feature: spec === undefined ? 'scale' : 'vertical',
      weight: 'harmless',
      goal: ['running'],
      what: (name) => ({ en: `scaling of ${name}`, zh: `${name} 的扩缩容` }),
      prepare: async ({ cluster }) => {
        if (spec !== undefined) return checkSpec(context, spec);
        replicas ??= await askReplicas(context, cluster.replicas);
      },
      send: (clusters, { at }) =>
        replicas === undefined
          ? clusters.scaleVertically(at, spec ?? '', context.signal)
          : clusters.scale(at, replicas, context.signal),
    });
  },
});

async function askReplicas(context: EcpContext, now: number): Promise<number> {
  return (await context.prompt()).pick(
    { en: `How many nodes? There are ${now}`, zh: `节点数？当前为 ${now}` },
    Array.from({ length: 7 }, (_, at) => ({ name: String(at + 1), value: at + 1 })),
  );
}

/** @throws Failure not_found with the nearest name. */
export async function checkSpec(context: EcpContext, spec: string): Promise<void> {
  const quotas = await (await context.client()).platform.quotas(context.signal);
  if (quotas.length === 0) throw new Failure('not_found', { kind: specKind, name: spec });
  pickByName(
    quotas.map(({ name }) => ({ id: name, name })),
    spec,
    specKind,
  );
}

const specKind = { en: 'specification', zh: '规格' };
