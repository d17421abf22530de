import { unwrap } from '../contract/lists.ts';
import type { OrgName } from '../contract/orgs.ts';
import { listOrgNames } from '../contract/orgs.ts';
import type { PlacedProject, ProjectName } from '../contract/projects.ts';
import { listProjectNames, listProjects } from '../contract/projects.ts';
import { allPages } from './pages.ts';
import type { Transport } from './transport.ts';

export interface OrgsApi {
  names(signal?: AbortSignal): Promise<readonly OrgName[]>;
  projectNames(orgId: string, signal?: AbortSignal): Promise<readonly ProjectName[]>;
  /** Projects of one organization, or of all where `orgId` is empty. */
  projects(orgId: string, signal?: AbortSignal): Promise<readonly PlacedProject[]>;
}

export function orgsApi({ call }: Transport): OrgsApi {
  return {
    names: async (signal) => unwrap(await call(listOrgNames, {}, signal)).items,
    projectNames: async (orgId, signal) => unwrap(await call(listProjectNames, { params: { orgId } }, signal)).items,
    projects: (orgId, signal) =>
      allPages(50, async (size, offset) =>
        unwrap(await call(listProjects, { query: { orgId, size, offset } }, signal)),
      ),
  };
}
