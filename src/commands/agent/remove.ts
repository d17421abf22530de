import { findCluster } from '../../cli/clusters.ts';
import { confirmChange, confirmOptions } from '../../cli/confirm.ts';
import { changing, dryRunOption } from '../../cli/dry-run.ts';
import { requireFeature } from '../../cli/features.ts';
import { nextCommand } from '../../cli/next.ts';
import { Failure } from '../../core/errors.ts';
import { clusterArg, command } from '../define.ts';

export const agentRemove = command({
  path: ['agent', 'remove'],
  summary: { en: 'Remove an agent from a managed cluster', zh: '从纳管集群移除代理' },
  description: {
    en: 'ECP forgets it; the agent on the machine and EMQX go on running. Unregister it there with: emqxee-agent unregister',
    zh: '仅从 ECP 移除；机器上的代理和 EMQX 继续运行。在该机器上取消注册：emqxee-agent unregister',
  },
  intent: 'mutates',
  args: [clusterArg, { name: 'agent', help: { en: 'Id or node id of the agent', zh: '代理 ID 或节点 ID' } }],
  options: { ...confirmOptions, ...dryRunOption },
  examples: [{ run: 'ecpctl agent remove line-7 3 --yes', help: { en: 'Without being asked', zh: '不再询问' } }],
  async run(context, { args, options }) {
    const { at, cluster } = await findCluster(context, args.cluster);
    await requireFeature(context, cluster, 'agents');
    const agents = await (await context.client()).clusters.agents(at, context.signal);
    const agent = agents.find((one) => String(one.id) === args.agent || one.nodeId === args.agent);
    if (!agent) {
      const list = nextCommand(context, ['agent', 'list', cluster.id]);
      throw new Failure(
        'not_found',
        { kind: { en: 'agent', zh: '代理' }, name: args.agent },
        { hint: { en: `See them with: ${list}`, zh: `查看代理：${list}` } },
      );
    }
    const name = cluster.deployName;
    const action = { en: `removal of agent ${agent.id} from ${name}`, zh: `从 ${name} 移除代理 ${agent.id}` };
    if (!options.dryRun) await confirmChange(context, { action, name, weight: 'interrupts' }, options);
    await changing(context, options.dryRun, async ({ clusters }) => {
      await clusters.deleteAgent(at, agent.id, context.signal);
      if (context.out.machine) return context.out.data({ id: agent.id, nodeId: agent.nodeId });
      context.out.note({ en: 'Agent {id} is removed.', zh: '已移除代理 {id}。' }, { id: agent.id });
    });
  },
});
