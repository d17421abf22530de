import { chooseCluster } from '../cli/clusters.ts';
import type { Deployment } from '../contract/deployments.ts';
import { clusterArg, command } from './define.ts';

export const dashboard = command({
  path: ['dashboard'],
  summary: { en: "Open EMQX's dashboard, or print its address", zh: '打开 EMQX Dashboard 或输出其地址' },
  description: {
    en: 'The service address where the cluster has one, else the way through ECP and the agent. A browser is opened on a terminal alone.',
    zh: '有服务地址时使用服务地址，否则经由 ECP 和代理访问。仅在终端中打开浏览器。',
  },
  intent: 'reads',
  args: [{ ...clusterArg, optional: true }],
  options: { open: { kind: 'flag', negatable: true, help: { en: 'Open a browser', zh: '打开浏览器' } } },
  examples: [{ run: 'ecpctl dashboard plant-1 --no-open', help: { en: 'Only print the address', zh: '只输出地址' } }],
  async run(context, { args, options }) {
    const { cluster } = await chooseCluster(context, args.cluster);
    const { transport } = await context.client();
    const { dashboardPath } = await import('../cli/online.ts');
    const found = addressOf(cluster, transport.baseUrl + dashboardPath(cluster.id, '/'));
    if (context.out.machine) return context.out.data({ id: cluster.id, ...found });
    await context.out.line(found.url);
    if (options.open ?? (context.interactive && context.host.stdout.isTTY === true)) {
      const { openBrowser } = await import('../cli/browser.ts');
      await openBrowser(context, found.url);
    }
  },
});

interface Found {
  readonly url: string;
  readonly via: 'service-address' | 'address' | 'channel';
}

/** `channel` is the way that always is there. */
export function addressOf(cluster: Deployment, channel: string): Found {
  // It comes from whoever edited the cluster: nothing but a web address is given to a browser.
  if (/^https?:/.test(cluster.xServiceAddress ?? ''))
    return { url: cluster.xServiceAddress ?? '', via: 'service-address' };
  const own = cluster.xAddresses?.find(({ protocol }) => /dashboard/i.test(protocol));
  if (own) return { url: `http://${own.host.includes(':') ? `[${own.host}]` : own.host}:${own.port}`, via: 'address' };
  return { url: channel, via: 'channel' };
}
