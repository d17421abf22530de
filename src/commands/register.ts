import { chooseCluster } from '../cli/clusters.ts';
import { confirmChange, confirmOptions } from '../cli/confirm.ts';
import { changing, dryRunOption } from '../cli/dry-run.ts';
import { requireFeature } from '../cli/features.ts';
import { Failure } from '../core/errors.ts';
import { command } from './define.ts';
import { guideOptions, printGuide } from './guide.ts';
import { askName, checkClusterName, clusterOfName } from './names.ts';

export const register = command({
  path: ['register'],
  summary: {
    en: 'Add an existing EMQX cluster and print how to join its nodes',
    zh: '纳管已有的 EMQX 集群并输出注册步骤',
  },
  description: {
    en: 'EMQX Enterprise v4 from 4.4.6 and v5 from 5.6.0 can be joined. Run the printed lines on a machine of the cluster; for the logs of every node, run them on each.',
    zh: '支持 EMQX 企业版 v4（4.4.6 及以上）和 v5（5.6.0 及以上）。请在集群的一台机器上执行输出的命令；如需采集每个节点的日志，请在每台机器上执行。',
  },
  intent: 'mutates',
  args: [
    { name: 'name', optional: true, complete: 'clusters', help: { en: 'Name of the new cluster', zh: '新集群的名称' } },
  ],
  options: {
    serviceAddress: {
      kind: 'text',
      value: 'URL',
      help: {
        en: "EMQX dashboard's address (v5); can be set later with: ecpctl edit",
        zh: 'EMQX Dashboard 地址（v5）；之后可用 ecpctl edit 设置',
      },
    },
    ...guideOptions,
    again: {
      kind: 'flag',
      help: {
        en: 'Print the lines for a cluster that was added before, to join more nodes or a broken one anew',
        zh: '为已添加的集群再次输出命令，用于注册更多节点或重新注册异常集群',
      },
    },
    ...confirmOptions,
    ...dryRunOption,
  },
  examples: [
    { run: 'ecpctl register line-7', help: { en: 'Add it and print what to run there', zh: '添加并输出需执行的命令' } },
    { run: 'ecpctl register line-7 --again --arch arm64', help: { en: 'The lines once more', zh: '再次输出命令' } },
  ],
  async run(context, { args, options }) {
    if (options.again) {
      const found = await chooseCluster(context, args.name);
      await requireFeature(context, found.cluster, 'agents');
      return printGuide(context, found, options);
    }
    const name = checkClusterName(args.name ?? (await askName(context)), 'NAME');
    const xServiceAddress = checkAddress(options.serviceAddress);
    const place = await context.place();
    await clusterOfName(context, place, name, {
      ifExists: false,
      hint: { en: 'To register it once more use --again', zh: '如需再次注册，请使用 --again' },
    });
    const action = { en: `adding ${name}`, zh: `添加 ${name}` };
    if (!options.dryRun) await confirmChange(context, { action, name, weight: 'harmless' }, options);
    await changing(context, options.dryRun, async ({ clusters }) => {
      const form = { name, ...(xServiceAddress !== undefined && { xServiceAddress }) };
      const { id } = await clusters.addExisting(place, form, context.signal);
      const at = { ...place, clusterId: id };
      context.out.note({ en: '{name} is added ({id}).', zh: '已添加 {name}（{id}）。' }, { name, id });
      await printGuide(context, { at, cluster: await clusters.get(at, context.signal) }, options);
    });
  },
});

/** @throws Failure invalid_value where it is no http or https address. */
export function checkAddress(address: string | undefined): string | undefined {
  if (address === undefined || address === '') return address;
  if (/^https?:\/\/[^\s/]+/.test(address) && URL.canParse(address)) return address;
  throw new Failure('invalid_value', {
    name: '--service-address',
    reason: { en: `"${address}" is not an http or https address`, zh: `“${address}”不是 http 或 https 地址` },
  });
}
