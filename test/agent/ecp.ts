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
