import type { Image, Quota } from '../contract/configuration.ts';
import { listImages, listQuotas } from '../contract/configuration.ts';
import type { License } from '../contract/license.ts';
import { getLicense, uploadLicense } from '../contract/license.ts';
import { unwrap } from '../contract/lists.ts';
import type { ClusterLicense, ClusterMonitor, Instance, LicenseUsage } from '../contract/monitor.ts';
import { getLicenseUsage, listClusterLicenses, monitorDeployment, monitorProject } from '../contract/monitor.ts';
import type { Task } from '../contract/tasks.ts';
import { getTask } from '../contract/tasks.ts';
import type { EcpVersion } from '../contract/version.ts';
import { getVersion } from '../contract/version.ts';
import type { Place } from './clusters.ts';
import { allPages } from './pages.ts';
import type { Transport } from './transport.ts';

/** What belongs to the platform and not to one cluster. */
export interface PlatformApi {
  version(signal?: AbortSignal): Promise<EcpVersion>;
  task(id: string, signal?: AbortSignal): Promise<Task>;
  quotas(signal?: AbortSignal): Promise<readonly Quota[]>;
  images(signal?: AbortSignal): Promise<readonly Image[]>;
  license(signal?: AbortSignal): Promise<License>;
  /** `text` is what the license file holds. */
  uploadLicense(text: string, signal?: AbortSignal): Promise<License>;
  licenseUsage(signal?: AbortSignal): Promise<LicenseUsage>;
  /** What the clusters hold of the license; empty ids stand for all. */
  licenseByCluster(orgId: string, projectId: string, signal?: AbortSignal): Promise<readonly ClusterLicense[]>;
  instances(place: Place, signal?: AbortSignal): Promise<readonly Instance[]>;
  monitor(clusterId: string, signal?: AbortSignal): Promise<ClusterMonitor>;
}

export function platformApi({ call }: Transport): PlatformApi {
  return {
    version: (signal) => call(getVersion, {}, signal),
    task: (id, signal) => call(getTask, { params: { id } }, signal),
    quotas: async (signal) => unwrap(await call(listQuotas, {}, signal)).items,
    images: async (signal) => unwrap(await call(listImages, {}, signal)).items,
    license: (signal) => call(getLicense, {}, signal),
    uploadLicense: (file, signal) => call(uploadLicense, { body: { file } }, signal),
    licenseUsage: (signal) => call(getLicenseUsage, {}, signal),
    licenseByCluster: (orgId, projectId, signal) =>
      allPages(50, async (size, offset) =>
        unwrap(await call(listClusterLicenses, { query: { orgId, projectId, size, offset } }, signal)),
      ),
    instances: ({ orgId, projectId }, signal) =>
      allPages(100, async (size, offset) =>
        unwrap(await call(monitorProject, { params: { orgId, projectId }, query: { size, offset } }, signal)),
      ),
    monitor: (clusterId, signal) => call(monitorDeployment, { params: { clusterId } }, signal),
  };
}
