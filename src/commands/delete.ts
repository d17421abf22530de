import { changeOptions, orWhatGoesOn, seeThrough } from '../cli/change.ts';
import { chooseCluster } from '../cli/clusters.ts';
import { confirmChange } from '../cli/confirm.ts';
import { changing } from '../cli/dry-run.ts';
import { clusterArg, command } from './define.ts';

const { yes: _yes, ...deleteOptions } = changeOptions;

export const remove = command({
  path: ['delete'],
  summary: { en: 'Delete a cluster', zh: '删除集群' },
  description: {
    en: 'A hosted cluster is stopped and deleted with its data. A managed cluster only leaves ECP: its EMQX nodes live on. Asks for the name; a script gives it with --confirm.',
    zh: '托管集群会被停止并连同数据一起删除。纳管集群只是从 ECP 移除，其 EMQX 节点继续运行。需要输入名称确认；脚本中用 --confirm 提供。',
  },
  intent: 'destroys',
  args: [{ ...clusterArg, optional: true }],
  options: deleteOptions,
  examples: [
    { run: 'ecpctl delete plant-1', help: { en: 'Asks for the name', zh: '需要输入名称' } },
    { run: 'ecpctl delete plant-1 --confirm plant-1 --wait', help: { en: 'In a script', zh: '在脚本中' } },
  ],
  async run(context, { args, options }) {
    const { at, cluster } = await chooseCluster(context, args.cluster);
    const name = cluster.deployName;
    const { clusterType } = await context.tables();
    const managed = clusterType.byNumber.get(cluster.type)?.hosted === false;
    const what = { en: `deletion of ${name}`, zh: `删除 ${name}` };
    if (managed) {
      context.out.note({
        en: "Only the registration is removed from ECP: EMQX lives on. Its own connection limit comes back with Update License or Reset License in EMQX's dashboard.",
        zh: '仅从 ECP 移除注册信息，EMQX 继续运行。如需恢复其自身的连接数上限，请在 EMQX Dashboard 中使用“更新 License”或“重置 License”。',
      });
    }
    if (!options.dryRun) await confirmChange(context, { action: what, name, weight: 'destroys' }, options);
    await changing(context, options.dryRun, async ({ clusters }) => {
      const taskId = await orWhatGoesOn(context, at, clusters.delete(at, name, context.signal));
      const left = await seeThrough(context, { at, name, taskId, goal: 'gone', what }, options);
      if (context.out.machine) await context.out.data({ id: at.clusterId, name, deleted: left === undefined });
      else if (!left) context.out.note({ en: '{name} is deleted.', zh: '{name} 已删除。' }, { name });
    });
  },
});
