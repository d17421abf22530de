import type { View } from '../../cli/output.ts';
import type { ClusterLicense, LicenseUsage } from '../../contract/monitor.ts';
import { command } from '../define.ts';

type Usage = LicenseUsage & { readonly clusters: readonly ClusterLicense[] };

const clusterLicenseView: View<ClusterLicense> = {
  name: (row) => row.deployId,
  columns: [
    { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.name },
    { key: 'id', header: { en: 'ID', zh: 'ID' }, whole: true, get: (row) => row.deployId },
    { key: 'connections', header: { en: 'CONNECTIONS', zh: '连接数' }, align: 'right', get: (row) => row.connectLimit },
    { key: 'project', header: { en: 'PROJECT', zh: '项目' }, wide: true, get: (row) => row.projectId },
    { key: 'org', header: { en: 'ORGANIZATION', zh: '组织' }, wide: true, get: (row) => row.orgId },
  ],
};

const view: View<Usage> = {
  name: () => 'license',
  columns: [
    {
      key: 'clusters',
      header: { en: 'CLUSTERS', zh: '集群数' },
      get: (row) => `${row.clusterConsumptions}/${row.clusterQuota}`,
    },
    {
      key: 'connections',
      header: { en: 'CONNECTIONS', zh: '连接数' },
      get: (row) => `${row.connectionConsumption}/${row.connectionQuota}`,
    },
    {
      key: 'left',
      header: { en: 'LEFT', zh: '剩余' },
      align: 'right',
      get: (row) => row.connectionQuota - row.connectionConsumption,
    },
  ],
};

export const licenseUsage = command({
  path: ['license', 'usage'],
  summary: {
    en: "Show what of ECP's license is in use, and by which clusters",
    zh: '查看 ECP 许可证的使用情况及各集群占用',
  },
  intent: 'reads',
  examples: [{ run: 'ecpctl license usage', help: { en: 'How many connections are left', zh: '剩余连接数' } }],
  async run(context) {
    const { platform } = await context.client();
    const [usage, clusters] = await Promise.all([
      platform.licenseUsage(context.signal),
      platform.licenseByCluster('', '', context.signal),
    ]);
    await context.out.item({ ...usage, clusters }, view);
    if (context.out.machine || clusters.length === 0) return;
    await context.out.line('');
    await context.out.list(clusters, clusterLicenseView);
  },
});
