import type { AgentApi } from '../../src/api/agent.ts';
import type { ClusterPlace } from '../../src/api/clusters.ts';
import * as backups from '../../src/contract/backups.ts';
import { until } from '../e2e/stage.ts';
import type { Walker } from './walk.ts';

/** Waits until a task has ended; says which of its calls failed it. */
async function ended({ client }: Walker, task: Promise<string>): Promise<void> {
  const id = await task;
  if (id === '') return;
  await until(`task ${id} ends`, async () => [3, 4].includes((await client.platform.task(id)).status));
}

/** A hosted cluster from its creation to its end, with everything that can be done to one. */
export async function hostedLife(walker: Walker): Promise<void> {
  const { client, orgId, projectId, tried } = walker;
  const place = { orgId, projectId };
  const quota = (await tried(client.platform.quotas()))?.[0]?.name ?? 'small';
  const image = (await tried(client.platform.images()))?.[0]?.image ?? 'emqx/emqx-enterprise:5.8.6';
  const made = await client.clusters.create(place, {
    deployName: '集群 A-1',
    desc: 'for the contract',
    replicas: 3,
    connectLimit: 10,
    networkType: 'NodePort',
    networkConfig: JSON.stringify({ external_port: { mqtt: 31_000 } }),
    nodeSelector: JSON.stringify({ disk: 'ssd' }),
    nodeAntiAffinity: true,
    env: JSON.stringify({ TZ: 'UTC' }),
    crtType: 0,
  });
  const at: ClusterPlace = { ...place, clusterId: made.id };
  const running = () => until('it runs', async () => (await client.clusters.status(at)) === 4, 10_000).catch(() => {});
  await ended(walker, Promise.resolve(made.taskId));
  await running();
  await client.clusters.list(place);
  await client.clusters.list(place, { deployName: 'A-1', creator: 'admin' });
  await client.clusters.get(at);
  await client.clusters.update(at, { deployName: '集群 A-2', desc: '' });
  const change = async (task: Promise<string>) => {
    await tried(ended(walker, task));
    await running();
  };
  await change(client.clusters.scale(at, 5));
  await change(client.clusters.scaleVertically(at, quota));
  await change(
    client.clusters.changeNetwork(at, {
      type: 'LoadBalancer',
      ports: [{ name: 'mqtt', external: 31_001, internal: 1883 }],
      annotations: { 'a/b': 'c' },
      load_balancer_class: '',
    }),
  );
  await change(client.clusters.changeConnections(at, 20));
  await change(client.clusters.changeImage(at, image));
  await change(client.clusters.changeCertificates(at, { crtType: 0 }));
  await change(client.clusters.changeLicense(at, { license: 'a license' }));
  // The server was told to fail the first stop: that is what a repair is for.
  await ended(walker, client.clusters.stop(at));
  await change(client.clusters.repair(at));
  await ended(walker, client.clusters.stop(at));
  await change(client.clusters.start(at));
  await backupsOf(walker, at, running);
  await tried(client.platform.monitor(at.clusterId));
  await ended(walker, client.clusters.delete(at, '集群 A-2'));
}

type Backups = {
  readonly data: Readonly<Record<string, { readonly data: readonly { filename: string; node: string }[] }>>;
};

/** Each of these changes takes a while and wants a cluster that is at rest. */
async function backupsOf(
  { tryCall, orgId, projectId }: Walker,
  at: ClusterPlace,
  rest: () => Promise<unknown>,
): Promise<void> {
  const place = { orgId, projectId };
  await tryCall(backups.backUpNow, { params: at });
  const first = await until('there is a backup', async () => {
    const body = { deploy_ids: [at.clusterId] };
    const listed = (await tryCall(backups.listBackups, { params: place, body })) as Backups | undefined;
    return listed?.data[at.clusterId]?.data[0];
  });
  await rest();
  const file = { ...at, filename: first.filename };
  await tryCall(backups.downloadBackup, { params: file });
  await tryCall(backups.importBackup, { params: at, body: { filename: first.filename, node: first.node } });
  await rest();
  const upload = { filename: 'up.tar.gz', file: Buffer.from('x').toString('base64'), xDeployId: at.clusterId };
  await tryCall(backups.uploadBackup, { params: place, body: upload });
  await rest();
  await tryCall(backups.deleteBackup, { params: file });
  const tomorrow = Math.floor(Date.now() / 1000) + 86_400;
  await tryCall(backups.createBackupTask, {
    params: place,
    body: { deploy_id_list: [at.clusterId], up_time: tomorrow, schedule_type: 1 },
  });
  const tasks = (await tryCall(backups.listBackupTasks, { params: place })) as
    | { data: Record<string, { id: number }[]> }
    | undefined;
  const task = Object.values(tasks?.data ?? {}).flat()[0]?.id ?? 1;
  await tryCall(backups.deleteBackupTask, { params: { ...place, task_id: task } });
}

/** A managed cluster: an agent registers, reports and leaves; the cluster moves and goes. */
export async function managedLife(walker: Walker, agentWith: (token?: string) => AgentApi): Promise<void> {
  const { client, orgId, projectId, transport, tried } = walker;
  const place = { orgId, projectId };
  const { id } = await client.clusters.addExisting(place, { name: 'plant 1' });
  const at = { ...place, clusterId: id };
  const { registrationToken } = await client.clusters.get(at);
  await client.clusters.setupInstructions(at, 'linux');
  await client.clusters.setupInstructions(at, 'kubernetes');

  const nodeId = '3e0a61a4-6f0c-4a33-9d14-2a6f0a0f6b0e';
  const token = await agentWith().register(nodeId, registrationToken);
  const agent = agentWith(token);
  const metadata = await agent.metadata();
  await agent.report({
    nodeId,
    agentVersion: '1.0.0',
    clusterNodes: [{ node: 'emqx@10.0.0.1', version: '5.8.6', status: 'running', uptime: 5_120_000 }],
    dashboardEnabled: true,
    nodeConnectError: '',
    clusterFetchError: '',
    metricsFetchError: '',
    logsFetchError: '',
    mqttConnectError: '',
  });
  await client.clusters.agents(at);
  await client.clusters.get(at);
  await shipOne(metadata);
  const now = Math.floor(Date.now() / 1000);
  const query = { clusterId: id, start: now - 60, end: now + 60, level: 'warning', msg: '', size: 100, offset: 0 };
  const page = await until('the record is found', async () => {
    const found = await client.logs.query(place, query);
    return found.total > 0 && found;
  });
  await client.logs.query(place, { ...query, cursor: page.data[0]?.cursor ?? '' });
  await agent.unregister();

  // The token of an agent that was taken out by hand is no longer good for anything.
  await agentWith().register(nodeId, registrationToken);
  const [left] = await client.clusters.agents(at);
  if (left) await client.clusters.deleteAgent(at, left.id);

  const { createProject, deleteProject } = await import('../../src/contract/projects.ts');
  const other = await transport.call(createProject, {
    params: { orgId },
    body: { name: 'line 2', members: [] } as never,
  });
  await client.clusters.transfer(at, other.id);
  const there = { ...at, projectId: other.id };
  await tried(client.clusters.delete(there, 'plant 1'));
  await until('it is gone', async () => (await client.clusters.list(there)).length === 0);
  await transport.call(deleteProject, { params: { orgId, projectId: other.id } });
}

/** One record through the log intake, which is no part of the published API. */
async function shipOne({ clusterId, elasticsearch }: Awaited<ReturnType<AgentApi['metadata']>>): Promise<void> {
  const { urls, username, password, indexName } = elasticsearch;
  const record = {
    '@timestamp': new Date().toISOString(),
    'log.level': 'error',
    message: 'one for the contract',
    'event.dataset': 'emqx.log',
    'event.sequence': 1,
    'service.node.name': 'emqx@10.0.0.1',
    'labels.cluster_id': clusterId,
  };
  const lines = [{ create: { _index: indexName, _id: 'one' } }, record].map((line) => `${JSON.stringify(line)}\n`);
  const answer = await fetch(`${urls[0]}/_bulk`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    },
    body: lines.join(''),
  });
  const text = await answer.text();
  if (!answer.ok || JSON.parse(text).errors) throw new Error(`the log intake says ${answer.status}: ${text}`);
}
