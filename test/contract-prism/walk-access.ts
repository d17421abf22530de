import { refresher } from '../../src/api/account.ts';
import type { Client } from '../../src/api/client.ts';
import * as account from '../../src/contract/account.ts';
import * as orgs from '../../src/contract/orgs.ts';
import * as projects from '../../src/contract/projects.ts';
import * as users from '../../src/contract/users.ts';
import type { Walker } from './walk.ts';

/** Organizations, projects, users, and what nobody may do. */
export async function orgsAndUsers(walker: Walker, clientWith: (token?: string) => Client): Promise<void> {
  const { transport, tryCall, tried, orgId, withToken } = walker;
  const page = { size: 10, offset: 0 };
  await tryCall(orgs.listOrgs, { query: { name: '', ...page } });
  const org = (await tryCall(orgs.createOrg, { body: { name: 'org 2', members: [] } as never })) as { id: string };
  const inOrg = { params: { orgId: org.id } };
  await tryCall(orgs.getOrg, inOrg);
  await tryCall(orgs.updateOrg, { ...inOrg, body: { name: 'org 3', members: [] } as never });
  const project = (await tryCall(projects.createProject, { ...inOrg, body: { name: 'p', members: [] } as never })) as {
    id: string;
  };
  const inProject = { params: { orgId: org.id, projectId: project.id } };
  await tryCall(projects.getProject, inProject);
  await tryCall(projects.updateProject, { ...inProject, body: { name: 'q', members: [] } as never });
  await tryCall(projects.listOrgProjects, { ...inOrg, query: { name: '', ...page } });
  await tryCall(projects.listProjects, { query: { name: '', orgId: '', ...page } });
  await tryCall(projects.deleteProject, inProject);
  await tryCall(orgs.deleteOrg, inOrg);

  const made = (await tryCall(users.createUser, {
    body: { name: 'mia', email: 'mia@example.com', admin: false, password: 'Correct horse 2' },
  })) as { id: string } | undefined;
  const params = { userId: made?.id ?? 'nobody' };
  await tryCall(users.listUsers, { query: { nameOrEmail: 'mia', ...page } });
  await tryCall(users.searchUsers, { query: { name: 'mia', ...page } });
  await tryCall(users.getUser, { params });
  await tryCall(users.updateUser, { params, body: { name: 'mia', email: 'mia@example.org', admin: false } });
  await tryCall(users.addUserToOrgs, { params, body: { orgIds: [orgId] } });
  await tryCall(users.resetUserPassword, { params, body: { password: 'Correct horse 3' } });
  await tryCall(users.enableUser, { params, body: { enabled: false } });
  await tryCall(users.deleteUser, { params });

  // What is refused: a wrong password, a wrong token, an unknown cluster.
  await tried(clientWith().account.login('admin', 'wrong'));
  await tried(clientWith('wrong').account.profile());
  const { client, projectId } = walker;
  await tried(client.clusters.get({ orgId, projectId, clusterId: 'nosuchcluster' }));
  await tried(withToken('wrong').call(account.getProfile, {}));
  await transport.call(account.getProfile, {});
}

/** A session of its own, renewed, given a new password, and ended by it. */
export async function newPassword(
  { withToken }: Walker,
  clientWith: (token?: string) => Client,
  name: string,
  password: string,
): Promise<void> {
  const { refreshToken } = await clientWith().account.login(name, password);
  const renewed = await refresher(withToken(''))(refreshToken);
  if (!renewed) throw new Error('the refresh token was not taken');
  const body = { originPassword: password, newPassword: `${password} and more` };
  await withToken(renewed.accessToken).call(account.changePassword, { body });
}
