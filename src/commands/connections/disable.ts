import { nextCommand } from '../../cli/next.ts';
import { Failure } from '../../core/errors.ts';
import { changeCluster, changeOptions } from '../change-cluster.ts';
import { clusterArg, command } from '../define.ts';
import { warnOfAddress } from './warning.ts';

export const connectionsDisable = command({
  path: ['connections', 'disable'],
  summary: { en: 'Give the connections back to the ECP license', zh: '关闭动态 License，归还连接数' },
  description: {
    en: "Clients that are connected stay. EMQX's own limit comes back with Update License or Reset License in its dashboard.",
    zh: '不影响已连接的客户端。可在 EMQX Dashboard 中通过“更新 License”或“重置 License”恢复集群的默认连接数。',
  },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: changeOptions,
  examples: [{ run: 'ecpctl connections disable line-7', help: { en: 'Asks before', zh: '执行前询问' } }],
  async run(context, { args, options }) {
    await changeCluster(context, args.cluster, options, {
      feature: 'connections',
      weight: 'interrupts',
      goal: ['running'],
      what: (name) => ({ en: `giving back the connections of ${name}`, zh: `归还 ${name} 的连接数` }),
      prepare: async (found) => {
        const { clusterType } = await context.tables();
        if (clusterType.byNumber.get(found.cluster.type)?.hosted) {
          throw new Failure('refused', {
            reason: { en: 'a hosted cluster always has a limit', zh: '托管集群必须有连接数上限' },
          });
        }
        warnOfAddress(context, found);
        context.out.note(
          {
            en: "EMQX's own limit comes back with Update License or Reset License in its dashboard: {command}",
            zh: '如需恢复 EMQX 自身的连接数上限，请在其 Dashboard 中使用“更新 License”或“重置 License”：{command}',
          },
          { command: nextCommand(context, ['dashboard', found.cluster.id]) },
        );
      },
      send: (clusters, { at }) => clusters.changeConnections(at, 0, context.signal),
    });
  },
});
