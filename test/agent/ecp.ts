import type { ServerOptions } from '../../src/server/main.ts';
import { adminPassword, type Caller, firstProject, type TestServer, testServer } from '../server/support.ts';
import type { Knobs } from '../stand-ins/emqx/knobs.ts';
import { startEmqx } from '../stand-ins/emqx/server.ts';
import { atEnd } from './process.ts';

export interface TestCluster {
  readonly id: string;
  readonly token: string;
  /** The agents as ECP shows them. */
  agents(): Promise<{ nodeId: string; state: number; err: string; version: string }[]>;
}

export interface TestEcp extends TestServer {
  readonly admin: Caller;
  cluster(name?: string): Promise<TestCluster>;
  /** How many log records of a cluster can be found. */
  records(clusterId: string): Promise<number>;
}

/** The embedded server in this process. */
export async function ecp(overrides: Partial<ServerOptions> = {}): Promise<TestEcp> {
  const server = await testServer(overrides);
  atEnd(() => server.stop());
  const admin = await server.as('admin', adminPassword);
  const project = await firstProject(admin);
  return {
    ...server,
    admin,
    async records(clusterId) {
      const [, orgId, projectId] = /orgs\/(.+)\/projects\/(.+)/.exec(project) ?? [];
      const end = Math.ceil(Date.now() / 1000) + 86_400 * 365;
      const query = `clusterId=${clusterId}&start=0&end=${end}&level=&msg=&size=1`;
      return (await admin('GET', `/api/elastic/document/${orgId}/${projectId}/emqx?${query}`)).body.total;
    },
    async cluster(name = 'plant-1') {
      const { body } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name } });
      const { body: detail } = await admin('GET', `${project}/deployments/${body.id}`);
      const token = (detail.data ?? detail).registrationToken as string;
      const id = String(body.id);
      return {
        id,
        token,
        agents: async () => (await admin('GET', `${project}/clusters/${id}/agents`)).body.data,
      };
    },
  };
}

export async function emqx(knobs: Partial<Knobs> = {}) {
  const standIn = await startEmqx(knobs);
  atEnd(() => standIn.stop());
  return standIn;
}
