import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller, TestServer } from './support.ts';
import { adminPassword, basic, caller, firstProject, taskEnd, testServer } from './support.ts';

/** Everybody there is, from nobody to the highest; `stranger` administers another organization. */
const roles = ['nobody', 'stranger', 'orgMember', 'viewer', 'projectAdmin', 'orgAdmin', 'systemAdmin'] as const;
type Role = (typeof roles)[number];

const everybody: readonly Role[] = roles;
const loggedIn: readonly Role[] = roles.slice(1);
const inOrg: readonly Role[] = ['orgMember', 'viewer', 'projectAdmin', 'orgAdmin', 'systemAdmin'];
const inProject: readonly Role[] = ['viewer', 'projectAdmin', 'orgAdmin', 'systemAdmin'];
const projectAdmins: readonly Role[] = ['projectAdmin', 'orgAdmin', 'systemAdmin'];
const orgAdmins: readonly Role[] = ['orgAdmin', 'systemAdmin'];
const systemAdmins: readonly Role[] = ['systemAdmin'];

const P = '/api/orgs/{orgId}/projects/{projectId}';

/** Who may do what (ecp.md section 5, Roles). Every operation that is served has to stand here. */
const matrix: readonly (readonly [operations: readonly string[], allowed: readonly Role[]])[] = [
  [['GET /api/version', 'POST /api/account/login', 'POST /api/account/token/refresh'], everybody],
  [['POST /api/clusters/agents/emqxee/register'], everybody],
  [
    [
      'GET /api/clusters/agents/emqxee/metadata',
      'POST /api/clusters/agents/emqxee/report',
      'POST /api/clusters/agents/emqxee/unregister',
    ],
    [],
  ],
  [
    [
      'GET /api/account/logout',
      'GET /api/account/profile',
      'GET /api/account/roles',
      'POST /api/account/password',
      'GET /api/orgs',
      'GET /api/orgs/names',
      'GET /api/projects',
      'GET /api/tasks/{id}',
      'GET /api/users/search',
      'GET /api/users/{userId}',
      'GET /api/audit/operations',
      'GET /api/elastic/docs/all',
      'GET /api/elastic/docs/name-id-map',
      'GET /api/monitor/license/clusters',
      'GET /api/configuration/emqx-quota-list',
      'GET /api/configuration/emqx-total-quota',
      'GET /api/configuration/image-version-list',
      'GET /api/configuration/lb-annotations',
      'GET /api/configuration/server-access-name',
    ],
    loggedIn,
  ],
  [['GET /api/orgs/{orgId}', 'GET /api/orgs/{orgId}/projects', 'GET /api/orgs/{orgId}/projects/names'], inOrg],
  [
    [
      `GET ${P}`,
      `GET ${P}/deployments`,
      `GET ${P}/deployments/{clusterId}`,
      `GET ${P}/deployments/{clusterId}/status`,
      `GET ${P}/clusters/{clusterId}/agents`,
      `POST ${P}/backups/list`,
      `GET ${P}/backups/task`,
      'GET /api/elastic/document/{orgId}/{projectId}/emqx',
      'GET /api/monitor/orgs/{orgId}/projects/{projectId}',
      'GET /api/monitor/deployment/{clusterId}',
      'GET /api/x/monitor/deployment/{clusterId}/history',
      `GET ${P}/alarms/current`,
      `GET ${P}/alarms/history`,
      `GET ${P}/alarms/current/count`,
      `GET ${P}/alarms/status`,
      `GET ${P}/alarms/configuration`,
    ],
    inProject,
  ],
  [
    [
      `PUT ${P}`,
      `POST ${P}/deployments`,
      `PUT ${P}/deployments/{clusterId}/update`,
      `POST ${P}/deployments/{clusterId}/scale/{replicas}`,
      `POST ${P}/deployments/{clusterId}/vertical/{resourceLimit}`,
      `POST ${P}/deployments/{clusterId}/net`,
      `POST ${P}/deployments/{clusterId}/dynamiclicense-update`,
      `POST ${P}/deployments/{clusterId}/lic`,
      `POST ${P}/deployments/{clusterId}/crt`,
      `POST ${P}/deployments/{clusterId}/image-update`,
      `POST ${P}/deployments/{clusterId}/start`,
      `POST ${P}/deployments/{clusterId}/stop`,
      `POST ${P}/deployments/{clusterId}/repair`,
      `DELETE ${P}/deployments/{clusterId}`,
      `POST ${P}/clusters/add-existing-cluster`,
      `GET ${P}/clusters/{clusterId}/setupInstructions`,
      `DELETE ${P}/clusters/{clusterId}/agents/{agentId}`,
      `POST ${P}/clusters/{clusterId}/transfer`,
      `POST ${P}/backups/{clusterId}`,
      `POST ${P}/backups/task`,
      `DELETE ${P}/backups/task/{task_id}`,
      `POST ${P}/backups/{clusterId}/import`,
      `GET ${P}/backups/{clusterId}/download/{filename}`,
      `DELETE ${P}/backups/deployments/{clusterId}/{filename}`,
      `POST ${P}/backups/0/upload_import`,
      `POST ${P}/alarms/enabled`,
      `POST ${P}/alarms/configuration/notification`,
      `POST ${P}/alarms/configuration/notification/email`,
      `POST ${P}/alarms/configuration/notification/webhook`,
      `POST ${P}/alarms/configuration/notification/webhook/preview`,
      `POST ${P}/alarms/configuration/notification/webhook/testing`,
    ],
    projectAdmins,
  ],
  [['PUT /api/orgs/{orgId}', 'POST /api/orgs/{orgId}/projects', `DELETE ${P}`], orgAdmins],
  [
    [
      'POST /api/orgs',
      'DELETE /api/orgs/{orgId}',
      'GET /api/users',
      'POST /api/users',
      'PUT /api/users/{userId}',
      'DELETE /api/users/{userId}',
      'POST /api/users/{userId}/enabled',
      'POST /api/users/{userId}/password/reset',
      'POST /api/users/{userId}/add-to-orgs',
      'GET /api/license',
      'GET /api/x/state',
      'POST /api/license',
      'GET /api/monitor/license',
      'POST /api/configuration/emqx-quota-list',
      'POST /api/configuration/emqx-total-quota',
      'POST /api/configuration/image-version-list',
      'POST /api/configuration/lb-annotations',
      'GET /api/configuration/smtp',
      'POST /api/configuration/smtp',
      'GET /api/elastic/docs/antares',
      'POST /api/elastic/testing',
      'POST /api/configuration/smtp/testing',
      'GET /api/configuration/alarm',
      'POST /api/configuration/alarm',
      'GET /api/configuration/es-target',
      'POST /api/configuration/es-target',
      'POST /api/configuration/server-access-name',
      'POST /api/configuration/server-access-name/testing',
    ],
    systemAdmins,
  ],
];

let server: TestServer;
let admin: Caller;
let project: string;
let callers: Record<Role, Caller>;
let places: Record<string, string>;
const ids: Partial<Record<Role, string>> = {};

beforeAll(async () => {
  server = await testServer({ simulatedMs: 0 });
  admin = await server.as('admin', adminPassword);
  project = await firstProject(admin);
  const [orgId = '', projectId = ''] = [project.split('/')[3], project.split('/')[5]];
  for (const name of ['stranger', 'orgMember', 'viewer', 'projectAdmin', 'orgAdmin'] as const) {
    const { body } = await admin('POST', '/api/users', {
      json: { name, email: '', admin: false, password: `pass of ${name}` },
    });
    ids[name] = body.id;
  }
  const member = (name: Role, role: number) => ({ userId: ids[name], roleIds: [role] });
  await admin('POST', '/api/orgs', { json: { name: 'other', members: [member('stranger', 2)] } });
  const members = [member('orgMember', 4), member('orgAdmin', 2)];
  await admin('PUT', `/api/orgs/${orgId}`, { json: { name: 'default', members } });
  const inside = [member('viewer', 4), member('projectAdmin', 3)];
  await admin('PUT', project, { json: { name: 'default', members: inside } });
  const created = await admin('POST', `${project}/deployments`, { form: { deployName: 'one' } });
  await taskEnd(admin, created.body.data.taskId);
  places = {
    orgId,
    projectId,
    clusterId: created.body.data.id,
    id: created.body.data.taskId,
    // Oneself: what would take the last administrator away is refused, and nobody else is in an organization with them.
    userId: (await admin('GET', '/api/account/profile')).body.userId,
    agentId: '999999',
    replicas: '3',
    resourceLimit: 'small',
    filename: 'none',
    task_id: '999999',
  };
  callers = { nobody: server.call, systemAdmin: admin } as Record<Role, Caller>;
  for (const name of Object.keys(ids) as Role[]) callers[name] = await server.as(name, `pass of ${name}`);
});
afterAll(() => server.stop());

/** Let in: the call got as far as its own checks. Kept out: not known, not allowed, or told that the place is not there. */
function isLetIn({ status, body }: { status: number; body: { message?: string } | undefined }): boolean {
  if (status === 401 || status === 403) return false;
  return !(status === 404 && /^(organization|project|cluster|task|user) "/.test(body?.message ?? ''));
}

test('the table has every operation that is served, and no other', () => {
  const served = server.routes.map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`);
  const listed = matrix.flatMap(([operations]) => operations);
  expect(listed.filter((operation) => !served.includes(operation))).toEqual([]);
  expect(served.filter((operation) => !listed.includes(operation))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

describe.each(matrix.flatMap(([operations, allowed]) => operations.map((operation) => [operation, allowed] as const)))(
  '%s',
  (operation, allowed) => {
    const [method = '', path = ''] = operation.split(' ');
    // Whoever logs out is out, and some calls are answered to anybody about themselves.
    const own: Record<string, readonly Role[]> = {
      'GET /api/account/logout': ['nobody'],
      'GET /api/tasks/{id}': ['nobody', 'stranger', 'orgMember'],
      'GET /api/users/{userId}': roles.slice(0, -1),
    };

    test.each(roles)('%s', async (role) => {
      if (operation === 'GET /api/account/logout' && role !== 'nobody') return;
      const url = path.replace(/\{(\w+)\}/g, (_, name: string) => places[name] ?? '');
      // A body that no call takes: who is let in learns that, and nothing is changed by it.
      const wrong = method === 'GET' ? {} : { json: [] };
      const answer = await callers[role](method, url, wrong);
      const denied = own[operation]?.includes(role) ?? false;
      expect({ role, letIn: isLetIn(answer), status: answer.status }).toEqual({
        role,
        letIn: allowed.includes(role) && !denied,
        status: answer.status,
      });
      expect(answer.status).toBeLessThan(500);
    });
  },
);

test('what belongs to another tenant is not found, by its own path and by a mixed one', async () => {
  const { stranger } = callers;
  const orgs = await stranger('GET', '/api/orgs/names');
  expect(orgs.body.data).toMatchObject([{ name: 'other' }]);
  const theirOrg = orgs.body.data[0].id;
  const made = await stranger('POST', `/api/orgs/${theirOrg}/projects`, { json: { name: 'p', members: [] } });
  const theirs = `/api/orgs/${theirOrg}/projects/${made.body.id}`;
  for (const path of [
    `${project}/deployments/${places.clusterId}`,
    `${theirs}/deployments/${places.clusterId}`,
    `/api/orgs/${theirOrg}/projects/${places.projectId}`,
    `/api/tasks/${places.id}`,
    `/api/users/${ids.viewer}`,
  ]) {
    expect(await stranger('GET', path)).toMatchObject({ status: 404 });
  }
  const target = { json: { projectId: made.body.id } };
  expect((await callers.orgAdmin('POST', `${project}/clusters/${places.clusterId}/transfer`, target)).status).toBe(403);
  const all = await stranger('GET', '/api/elastic/docs/all?start=&end=&level=&msg=');
  expect(all.body.total).toBe(0);
  expect((await stranger('GET', '/api/audit/operations?since=&until=&offset=0&size=100')).body.data).not.toContainEqual(
    expect.objectContaining({ orgName: 'default' }),
  );
});

test('the registration token is for those who may edit', async () => {
  const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name: 'm' } });
  const seen = async (role: Role) =>
    (await callers[role]('GET', `${project}/deployments/${body.id}`)).body.data.registrationToken;
  expect(await seen('projectAdmin')).toMatch(/^[0-9a-f]{32}$/);
  expect(await seen('viewer')).toBe('');
});

test('an agent is not a user, and a user no agent', async () => {
  const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name: 'n' } });
  const { registrationToken } = (await admin('GET', `${project}/deployments/${body.id}`)).body.data;
  const registered = await server.call('POST', '/api/clusters/agents/emqxee/register', {
    json: { nodeId: 'agent-of-access', registrationToken },
  });
  const agent = caller(server.url, registered.body.token);
  expect((await agent('GET', '/api/clusters/agents/emqxee/metadata')).status).toBe(200);
  expect((await agent('GET', '/api/account/profile')).status).toBe(401);
  expect((await agent('GET', '/', { headers: basic('agent-1', 'x') })).status).toBe(401);
});
