import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const stop = command({
  path: ['stop'],
  summary: { en: 'Stop a cluster; its clients are disconnected', zh: '停止集群，其客户端将断开连接' },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: changeOptions,
  examples: [{ run: 'ecpctl stop plant-1 --yes', help: { en: 'Without being asked', zh: '不再询问' } }],
  async run(context, { args, options }) {
    await changeCluster(context, args.cluster, options, {
      feature: 'start',
      weight: 'interrupts',
      goal: ['stopped'],
      what: (name) => ({ en: `stop of ${name}`, zh: `停止 ${name}` }),
      send: (clusters, { at }) => clusters.stop(at, context.signal),
    });
  },
});
