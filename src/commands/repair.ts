import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const repair = command({
  path: ['repair'],
  summary: { en: 'Repair a cluster that is in error', zh: '修复异常的集群' },
  description: {
    en: 'For hosted clusters. Where it does not help, delete the cluster or ask EMQ for support.',
    zh: '仅适用于托管集群。若修复失败，请删除集群或联系 EMQ 技术支持。',
  },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: changeOptions,
  examples: [{ run: 'ecpctl repair plant-1 --wait', help: { en: 'Until it runs again', zh: '等待其恢复运行' } }],
  async run(context, { args, options }) {
    await changeCluster(context, args.cluster, options, {
      feature: 'repair',
      weight: 'harmless',
      goal: ['running'],
      what: (name) => ({ en: `repair of ${name}`, zh: `修复 ${name}` }),
      send: (clusters, { at }) => clusters.repair(at, context.signal),
    });
  },
});
