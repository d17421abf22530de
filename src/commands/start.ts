import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const start = command({
  path: ['start'],
  summary: { en: 'Start a stopped cluster', zh: '启动已停止的集群' },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: changeOptions,
  examples: [{ run: 'ecpctl start plant-1 --wait', help: { en: 'Until it runs', zh: '等待其运行' } }],
  async run(context, { args, options }) {
    await changeCluster(context, args.cluster, options, {
      feature: 'start',
      weight: 'harmless',
      goal: ['running'],
      what: (name) => ({ en: `start of ${name}`, zh: `启动 ${name}` }),
      send: (clusters, { at }) => clusters.start(at, context.signal),
    });
  },
});
