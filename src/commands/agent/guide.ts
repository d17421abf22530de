import { chooseCluster } from '../../cli/clusters.ts';
import { requireFeature } from '../../cli/features.ts';
import { clusterArg, command } from '../define.ts';
import { guideOptions, printGuide } from '../guide.ts';

export const agentGuide = command({
  path: ['agent', 'guide'],
  summary: { en: 'Print how to install and register an agent', zh: '输出代理的安装和注册步骤' },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true }],
  options: guideOptions,
  examples: [{ run: 'ecpctl agent guide line-7 --arch arm64', help: { en: 'For one architecture', zh: '指定架构' } }],
  async run(context, { args, options }) {
    const found = await chooseCluster(context, args.cluster);
    await requireFeature(context, found.cluster, 'agents');
    await printGuide(context, found, options);
  },
});
