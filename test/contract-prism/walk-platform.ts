import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as alarms from '../../src/contract/alarms.ts';
import { listAudit } from '../../src/contract/audit.ts';
import * as configuration from '../../src/contract/configuration.ts';
import * as logs from '../../src/contract/logs.ts';
import type { Walker } from './walk.ts';

/** License, settings, alarms, audit, logs: what belongs to the platform. */
export async function platform(walker: Walker, license: string): Promise<void> {
  const { client, orgId, projectId, tried, tryCall } = walker;
  const place = { orgId, projectId };
  await client.platform.version();
  await tried(client.platform.license());
  await tried(client.platform.uploadLicense('not a license'));
  await client.platform.uploadLicense(license);
  await tried(client.platform.licenseUsage());
  await tried(client.platform.licenseByCluster('', ''));
  await tried(client.platform.instances(place));
  await tried(client.platform.quotas());
  await tried(client.platform.images());

  const now = Math.floor(Date.now() / 1000);
  const window = { start: now - 3600, end: now, level: '', msg: '', size: 10, offset: 0 };
  await tryCall(logs.queryAllLogs, { query: window });
  await tryCall(logs.queryPlatformLogs, { query: window });
  await tryCall(logs.getLogNames, {});
  await tryCall(listAudit, { query: { since: now - 3600, until: now, size: 10, offset: 0 } });
  await alarmsOf(walker);
  await settings(walker);
}

async function alarmsOf({ orgId, projectId, tryCall }: Walker): Promise<void> {
  const params = { orgId, projectId };
  const query = {
    fuzzyName: '',
    severity: '' as const,
    startsAt: '' as const,
    endsAt: '' as const,
    size: 10,
    offset: 0,
  };
  await tryCall(alarms.listCurrentAlarms, { params, query });
  await tryCall(alarms.listPastAlarms, { params, query });
  await tryCall(alarms.countCurrentAlarms, { params });
  await tryCall(alarms.getAlarmStatus, { params });
  await tryCall(alarms.enableAlarms, { params, body: { enabled: true } });
  await tryCall(alarms.getAlarmConfiguration, { params });
  await tryCall(alarms.updateAlarmNotification, { params, body: { onlyCritical: false, silenceInterval: 60 } });
  await tryCall(alarms.updateAlarmEmail, { params, body: { enabled: false, receivers: ['ops@example.com'] } });
  const hook = createServer((_request, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const { port } = hook.address() as AddressInfo;
  const webhook = { url: `http://127.0.0.1:${port}/hook`, headers: { 'x-a': 'b' } };
  await tryCall(alarms.updateAlarmWebhook, { params, body: { enabled: false, ...webhook } });
  await tryCall(alarms.previewAlarmWebhook, { params });
  await tryCall(alarms.testAlarmWebhook, { params, body: webhook });
  hook.closeAllConnections();
  hook.close();
}

/** Every setting is read, and what was read is written back. */
async function settings({ tryCall, baseUrl }: Walker): Promise<void> {
  const smtp = { host: '127.0.0.1', port: 9, encryption: 'tls', username: 'u', password: 'p' };
  const pairs = [
    [configuration.getTotalQuota, configuration.updateTotalQuota, { total_cpu_quota: 8, total_memory_quota: 16 }],
    [configuration.listImages, configuration.updateImages, [{ image: 'emqx/emqx-enterprise:5.8.6' }]],
    [configuration.listLoadBalancerAnnotations, configuration.updateLoadBalancerAnnotations, []],
    [configuration.getSmtp, configuration.updateSmtp, smtp],
    [configuration.getAlarmSettings, configuration.updateAlarmSettings, { webhook: { template: '{}' } }],
    [configuration.listEsTargets, configuration.updateEsTargets, [{ type: 'internal' }]],
    [configuration.getServerAccess, configuration.updateServerAccess, { scheme: 'http', server_name: '127.0.0.1' }],
  ] as const;
  for (const [read, write, otherwise] of pairs) {
    const value = (await tryCall(read, {} as never)) ?? otherwise;
    await tryCall(write, { body: value } as never);
  }
  const list = (await tryCall(configuration.listQuotas, {} as never)) as configuration.QuotaList | undefined;
  const { quotas, storage_class_name } = list ?? { quotas: [], storage_class_name: 'standard' };
  await tryCall(configuration.updateQuotas, { body: { quotas, storageClass: [{ storage_class_name }] } });
  await tryCall(configuration.testSmtp, { body: smtp });
  const engine = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
  await tryCall(configuration.testEsTarget, { body: { url, username: 'u', password: 'p' } });
  engine.closeAllConnections();
  engine.close();
  await tryCall(configuration.testServerAccess, { body: { scheme: 'http', server_name: new URL(baseUrl).host } });
}
