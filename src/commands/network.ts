import type { NetworkType } from '../contract/deployments.ts';
import { networkTypeNames } from '../contract/states.ts';
import { Failure, usage } from '../core/errors.ts';
import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';
import { networkOptions, parsePairs, parseProtocols } from './network-options.ts';

const networkTypeWords = Object.keys(networkTypeNames) as NetworkType[];

export const network = command({
  path: ['network'],
  summary: { en: 'Change how a cluster is reached from outside', zh: '修改集群的网络访问方式' },
  description: {
    en: 'ClusterIP: inside Kubernetes alone. NodePort: from the local network. LoadBalancer: by an external address. Clients have to reconnect to the new addresses, which stand in: ecpctl get',
    zh: 'ClusterIP：仅 Kubernetes 内网。NodePort：局域网。LoadBalancer：外部地址。客户端需重新连接到新地址，新地址见：ecpctl get',
  },
  intent: 'mutates',
  args: [
    { ...clusterArg },
    {
      name: 'type',
      complete: 'networks',
      help: { en: `One of ${networkTypeWords.join(', ')}`, zh: `可选：${networkTypeWords.join('、')}` },
    },
  ],
  options: {
    ...networkOptions,
    loadBalancerClass: {
      kind: 'text',
      value: 'CLASS',
      help: { en: 'Class of the load balancer', zh: '负载均衡器类别' },
    },
    ...changeOptions,
  },
  examples: [
    {
      run: 'ecpctl network plant-1 NodePort --protocol MQTT-TCP=31883 --protocol MQTT-SSL=31884 --yes',
      help: { en: 'Two protocols from the local network', zh: '在局域网开放两种协议' },
    },
    {
      run: 'ecpctl network plant-1 LoadBalancer --protocol MQTT-SSL --annotation spec=slb.s1.small',
      help: { en: 'With an external address', zh: '使用外部地址' },
    },
  ],
  async run(context, { args, options }) {
    const type = networkTypeWords.find((word) => word.toLowerCase() === args.type.toLowerCase());
    if (!type) {
      const all = networkTypeWords.join(', ');
      throw new Failure('invalid_value', {
        name: 'TYPE',
        reason: { en: `"${args.type}" is none of: ${all}`, zh: `“${args.type}”不在可选值之内：${all}` },
      });
    }
    const ports = parseProtocols(options.protocol ?? []);
    if (type !== 'ClusterIP' && ports.length === 0) {
      throw usage(`${type} needs at least one --protocol`, `${type} 至少需要一个 --protocol`);
    }
    const annotations = parsePairs('--annotation', options.annotation);
    await changeCluster(context, args.cluster, options, {
      feature: 'network',
      weight: 'interrupts',
      goal: ['running'],
      what: (name) => ({ en: `change of ${name} to ${type}`, zh: `将 ${name} 的网络类型改为 ${type}` }),
      send: (clusters, { at }) =>
        clusters.changeNetwork(
          at,
          { type, ports, annotations, load_balancer_class: options.loadBalancerClass ?? '' },
          context.signal,
        ),
    });
  },
});
