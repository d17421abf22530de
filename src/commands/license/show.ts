import type { View } from '../../cli/output.ts';
import type { License } from '../../contract/license.ts';
import { command } from '../define.ts';

export const licenseView: View<License> = {
  name: (row) => row.customerName,
  columns: [
    { key: 'type', header: { en: 'TYPE', zh: '类型' }, get: (row) => row.type },
    { key: 'customer', header: { en: 'CUSTOMER', zh: '客户' }, get: (row) => row.customerName },
    { key: 'expires', header: { en: 'EXPIRES', zh: '到期' }, get: (row) => row.expiredDate },
    {
      key: 'connections',
      header: { en: 'CONNECTIONS', zh: '连接数' },
      align: 'right',
      get: (row) => row.totalClusterConnectionCount,
    },
  ],
  details: (row, lang) => [
    [{ en: 'Type', zh: '类型' }, row.type],
    [{ en: 'Customer', zh: '客户' }, row.customerName],
    [{ en: 'Contact', zh: '联系人' }, row.customerContact || undefined],
    [{ en: 'Valid from', zh: '生效日期' }, row.startDate],
    [
      { en: 'Expires', zh: '到期日期' },
      row.expiredDate + (row.expired ? { en: ' (expired)', zh: '（已过期）' }[lang] : ''),
    ],
    [{ en: 'Clusters', zh: '集群数' }, String(row.maxEmqxClusterCount)],
    [{ en: 'Connections in all', zh: '总连接数' }, String(row.totalClusterConnectionCount)],
    [{ en: 'Connections of one cluster', zh: '单集群连接数' }, String(row.maxSingleClusterConnectionCount)],
  ],
};

export const licenseShow = command({
  path: ['license', 'show'],
  summary: { en: "Show ECP's license", zh: '查看 ECP 许可证' },
  intent: 'reads',
  examples: [{ run: 'ecpctl license show', help: { en: 'What it allows, and until when', zh: '许可范围和有效期' } }],
  async run(context) {
    const license = await (await context.client()).platform.license(context.signal);
    await context.out.item(license, licenseView);
    if (license.expired) context.out.warn({ en: 'the license has expired', zh: '许可证已过期' });
  },
});
