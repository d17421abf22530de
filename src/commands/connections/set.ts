import { Failure } from '../../core/errors.ts';
import { changeCluster, changeOptions } from '../change-cluster.ts';
import { clusterArg, command } from '../define.ts';
import { warnOfAddress } from './warning.ts';

export const connectionsSet = command({
  path: ['connections', 'set'],
  summary: { en: 'Change the limit of connections', zh: '修改连接数上限' },
  description: {
    en: 'All clusters together never get more than the ECP license has; see: ecpctl license usage. Managed clusters: EMQX v4 from 4.4.6, v5 from 5.7.0.',
    zh: '所有集群的连接数之和不能超过 ECP 许可证；见：ecpctl license usage。纳管集群：EMQX v4 需 4.4.6 及以上，v5 需 5.7.0 及以上。',
  },
  intent: 'mutates',
  args: [clusterArg, { name: 'limit', help: { en: 'Number of connections', zh: '连接数' } }],
  options: changeOptions,
  examples: [{ run: 'ecpctl connections set plant-1 5000 --yes', help: { en: 'Without being asked', zh: '不再询问' } }],
  async run(context, { args, options }) {
    const limit = /^\d{1,9}$/.test(args.limit) ? Number(args.limit) : 0;
    if (limit < 1) {
      throw new Failure('invalid_value', {
        name: 'LIMIT',
        reason: { en: `"${args.limit}" is not a whole number of at least 1`, zh: `“${args.limit}”不是不小于 1 的整数` },
      });
    }
    await changeCluster(context, args.cluster, options, {
      feature: 'connections',
      weight: 'interrupts',
      goal: ['running'],
      what: (name) => ({ en: `setting ${name} to ${limit} connections`, zh: `将 ${name} 的连接数改为 ${limit}` }),
      prepare: (found) => warnOfAddress(context, found),
      send: (clusters, { at }) => clusters.changeConnections(at, limit, context.signal),
    });
  },
});
