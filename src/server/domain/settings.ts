import type {
  AlarmSettings,
  EsTarget,
  Image,
  LoadBalancerAnnotation,
  QuotaList,
  ServerAccess,
  Smtp,
  TotalQuota,
} from '../../contract/configuration.ts';
import type { Db } from './world.ts';

/** Settings of the platform, by the name under which they are stored; what the platform begins with. */
export interface PlatformSettings {
  readonly quotas: QuotaList;
  readonly 'total-quota': TotalQuota;
  readonly images: readonly Image[];
  readonly 'lb-annotations': readonly LoadBalancerAnnotation[];
  readonly smtp: Smtp;
  readonly alarm: AlarmSettings;
  readonly 'es-target': readonly EsTarget[];
  readonly 'server-access': ServerAccess;
}

const quota = (name: string, description: string, cpu: string, memory: string) => ({
  name,
  description,
  quota: {
    emqx: { cpu: { request: cpu, limit: cpu }, memory: { request: memory, limit: memory } },
    telegraf: { cpu: { request: '50m', limit: '100m' }, memory: { request: '64Mi', limit: '128Mi' } },
  },
});

const firstSettings: PlatformSettings = {
  quotas: {
    quotas: [
      { ...quota('small', '1 core, 2 GiB', '1', '2Gi'), default: true },
      quota('medium', '2 cores, 4 GiB', '2', '4Gi'),
      quota('large', '4 cores, 8 GiB', '4', '8Gi'),
    ],
    storage_class_name: 'standard',
    storage_class_size: '1024Mi',
  },
  // 0: without a limit. Cores, and GiB.
  'total-quota': { total_cpu_quota: 0, total_memory_quota: 0 },
  images: [
    { image: 'emqx/emqx-enterprise:5.8.6', default: true },
    { image: 'emqx/emqx-enterprise:5.7.2' },
    { image: 'emqx/emqx-enterprise:5.6.1' },
    { image: 'emqx/emqx-ee:4.4.24' },
    { image: 'emqx/emqx-ee:4.4.19' },
  ],
  'lb-annotations': [],
  smtp: { host: '', port: 25, encryption: 'tls', username: '', password: '' },
  alarm: { webhook: { template: '' } },
  'es-target': [],
  'server-access': { scheme: '', server_name: '' },
};

export async function getSetting<Name extends keyof PlatformSettings>(
  db: Db,
  name: Name,
): Promise<PlatformSettings[Name]> {
  const row = await db.selectFrom('settings').select('value_json').where('name', '=', name).executeTakeFirst();
  return row ? (JSON.parse(row.value_json) as PlatformSettings[Name]) : firstSettings[name];
}

export async function putSetting<Name extends keyof PlatformSettings>(
  db: Db,
  name: Name,
  value: PlatformSettings[Name],
): Promise<void> {
  const value_json = JSON.stringify(value);
  await db
    .insertInto('settings')
    .values({ name, value_json })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value_json }))
    .execute();
}
