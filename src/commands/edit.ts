import { chooseCluster } from '../cli/clusters.ts';
import { confirmChange, confirmOptions } from '../cli/confirm.ts';
import { changing, dryRunOption } from '../cli/dry-run.ts';
import { Failure, usage } from '../core/errors.ts';
import { clusterArg, command } from './define.ts';
import { checkClusterName, clusterOfName } from './names.ts';
import { checkAddress } from './register.ts';
import { showCluster } from './show.ts';

const otherName = { en: 'Choose another name', zh: '请使用其他名称' };

export const edit = command({
  path: ['edit'],
  summary: { en: 'Change name, description or service address', zh: '修改名称、描述或服务地址' },
  intent: 'mutates',
  args: [clusterArg],
  options: {
    name: { kind: 'text', value: 'NAME', help: { en: 'New name', zh: '新名称' } },
    description: { kind: 'text', value: 'TEXT', help: { en: 'New description', zh: '新描述' } },
    serviceAddress: {
      kind: 'text',
      value: 'URL',
      help: {
        en: "EMQX dashboard's address of a managed cluster; empty takes it away",
        zh: '纳管集群的 EMQX Dashboard 地址；为空则清除',
      },
    },
    ...confirmOptions,
    ...dryRunOption,
  },
  examples: [
    { run: 'ecpctl edit plant-1 --name plant-north', help: { en: 'Rename', zh: '重命名' } },
    {
      run: 'ecpctl edit line-7 --service-address http://10.0.0.7:18083',
      help: { en: 'Where its dashboard is', zh: '设置 Dashboard 地址' },
    },
  ],
  async run(context, { args, options }) {
    const { description, serviceAddress } = options;
    if (options.name === undefined && description === undefined && serviceAddress === undefined) {
      throw usage(
        'give --name, --description or --service-address',
        '请指定 --name、--description 或 --service-address',
      );
    }
    const deployName = options.name === undefined ? undefined : checkClusterName(options.name, '--name');
    const xServiceAddress = checkAddress(serviceAddress);
    if (description !== undefined && description.length > 500) {
      throw new Failure('invalid_value', {
        name: '--description',
        reason: { en: 'more than 500 characters', zh: '超过 500 个字符' },
      });
    }
    const { at, cluster } = await chooseCluster(context, args.cluster);
    const { clusterType } = await context.tables();
    if (serviceAddress !== undefined && clusterType.byNumber.get(cluster.type)?.hosted) {
      throw new Failure('refused', {
        reason: { en: 'a service address is for managed clusters only', zh: '服务地址仅适用于纳管集群' },
      });
    }
    const name = cluster.deployName;
    if (deployName !== undefined && deployName !== name) {
      await clusterOfName(context, at, deployName, { ifExists: false, hint: otherName });
    }
    const action = { en: `change of ${name}`, zh: `修改 ${name}` };
    if (!options.dryRun) await confirmChange(context, { action, name, weight: 'harmless' }, options);
    await changing(context, options.dryRun, async ({ clusters }) => {
      // What stays is sent too: a server that takes both fields for given must not empty one.
      const change = {
        deployName: deployName ?? name,
        desc: description ?? cluster.desc,
        ...(xServiceAddress !== undefined && { xServiceAddress }),
      };
      await clusters.update(at, change, context.signal);
      const after = await clusters.get(at, context.signal);
      if (xServiceAddress !== undefined && (after.xServiceAddress ?? '') !== xServiceAddress) {
        context.out.warn({
          en: 'this ECP did not keep the service address; the dashboard is reached through the agent',
          zh: '此 ECP 未保存服务地址；将通过代理通道访问 Dashboard',
        });
      }
      await showCluster(context, after);
    });
  },
});
