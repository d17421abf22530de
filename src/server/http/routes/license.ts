import * as api from '../../../contract/license.ts';
import { getLicenseUsage, listClusterLicenses } from '../../../contract/monitor.ts';
import { clusterStatus, numberOf } from '../../../contract/states.ts';
import { visibleProjects } from '../../domain/access.ts';
import { stateOf, withAgents } from '../../domain/clusters.ts';
import type { LicenseTerms } from '../../domain/license.ts';
import { currentLicense, installLicense, isExpired, licenseUsage, licenseWarnings } from '../../domain/license.ts';
import { readLicenseFile } from '../../domain/license-file.ts';
import { apiTime } from '../../domain/times.ts';
import type { World } from '../../domain/world.ts';
import type { On } from '../router.ts';

export function licenseRoutes(on: On, world: World): void {
  const { db, settings } = world;

  on(api.getLicense, 'system', async ({ now }) => show(await currentLicense(db), now));

  on(api.uploadLicense, 'system', async ({ body, now, operator }) => {
    const terms = readLicenseFile(body.file, settings.licenseKey);
    await installLicense(db, now, operator, terms);
    return show(terms, now);
  });

  on(getLicenseUsage, 'system', async ({ now }) => {
    const terms = await currentLicense(db);
    const usage = await licenseUsage(db);
    return {
      clusterConsumptions: usage.clusters,
      clusterQuota: terms.maxEmqxClusterCount,
      connectionConsumption: usage.connections,
      connectionQuota: terms.totalClusterConnectionCount,
      maxSingleClusterConnectionCount: terms.maxSingleClusterConnectionCount,
      edgeServiceConsumption: 0,
      edgeServiceQuota: terms.maxEdgeServiceCount,
      tagConsumption: 0,
      tagQuota: terms.maxTagCount,
      xWarnings: licenseWarnings(terms, usage, now),
    };
  });

  on(listClusterLicenses, 'self', async ({ actor, now, query }) => {
    const seen = visibleProjects(actor);
    let select = db.selectFrom('clusters').selectAll().orderBy('created_at').orderBy('id');
    if (query.orgId !== '') select = select.where('org_id', '=', query.orgId);
    if (query.projectId !== '') select = select.where('project_id', '=', query.projectId);
    if (seen !== 'all') {
      select = select.where((eb) => eb.or([eb('org_id', 'in', seen.orgs), eb('project_id', 'in', seen.projects)]));
    }
    const rows = await select.execute();
    const { offset = 0, size = 10 } = query;
    const page = await withAgents(db, rows.slice(offset, size === -1 ? undefined : offset + size));
    const list = page.map((cluster) => ({
      orgId: cluster.row.org_id,
      projectId: cluster.row.project_id,
      deployId: cluster.row.id,
      name: cluster.row.name,
      status: numberOf(clusterStatus, stateOf(world, cluster, now).status),
      connectLimit: cluster.row.reserved,
      createdAt: apiTime(cluster.row.created_at),
      updatedAt: apiTime(cluster.row.updated_at),
    }));
    return { data: { total: rows.length, list } };
  });
}

function show(license: LicenseTerms, now: number) {
  const { emqxGenerations, ...terms } = license;
  return { ...terms, expired: isExpired(license, now) };
}
