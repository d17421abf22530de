import type { FoundCluster } from '../../cli/clusters.ts';
import type { EcpContext } from '../../cli/session.ts';

/** Under LoadBalancer a change of the connections can bring another address (ecp.md section 5). */
export function warnOfAddress(context: EcpContext, { cluster }: FoundCluster): void {
  if (cluster.network !== 'LoadBalancer') return;
  context.out.warn({
    en: 'this cluster is reached through a LoadBalancer: its external address may change, and clients may no longer find it',
    zh: '该集群通过 LoadBalancer 访问：外部 IP 可能变化，客户端可能无法访问',
  });
}
