import type { Report } from '../../src/contract/agent.ts';
import type { Caller, TestServer } from './support.ts';
import { caller } from './support.ts';

export interface Managed {
  readonly name: string;
  readonly id: string;
  /** The calls of one registered agent. */
  readonly agent: Caller;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly metadata: any;
  report(more?: Partial<Report>): Promise<void>;
}

let count = 0;

/** A managed cluster with one agent that has reported. */
export async function addManaged(
  server: TestServer,
  admin: Caller,
  project: string,
  nodes: Report['clusterNodes'] = [{ node: 'emqx@10.0.0.1', version: '5.8.6', status: 'running', uptime: 60_000 }],
): Promise<Managed> {
  count += 1;
  const name = `plant ${count}`;
  const { body: added } = await admin('POST', `${project}/clusters/add-existing-cluster`, { form: { name } });
  const { body: cluster } = await admin('GET', `${project}/deployments/${added.id}`);
  const nodeId = `node-uuid-${count}`;
  const { body } = await server.call('POST', '/api/clusters/agents/emqxee/register', {
    json: { nodeId, registrationToken: cluster.data.registrationToken },
  });
  const agent = caller(server.url, body.token);
  const report = async (more: Partial<Report> = {}) => {
    const json: Report = {
      nodeId,
      agentVersion: '0.1.0',
      // Each cluster is its own EMQX: started at another moment.
      clusterNodes: nodes.map((node) => ({ ...node, uptime: node.uptime + count * 3_600_000 })),
      dashboardEnabled: true,
      nodeConnectError: '',
      clusterFetchError: '',
      metricsFetchError: '',
      logsFetchError: '',
      mqttConnectError: '',
      ...more,
    };
    const { status, body: reason } = await agent('POST', '/api/clusters/agents/emqxee/report', { json });
    if (status !== 204) throw new Error(`report: ${status} ${JSON.stringify(reason)}`);
  };
  await report();
  const { body: metadata } = await agent('GET', '/api/clusters/agents/emqxee/metadata');
  return { id: added.id, name, agent, metadata, report };
}
