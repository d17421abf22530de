import type { Report } from '../../contract/agent.ts';
import { Failure } from '../../core/errors.ts';
import { newId } from '../../core/random.ts';
import type { AgentRow, ClusterRow, ProjectRow } from '../store/schema.ts';
import type { Actor } from './access.ts';
import { nodesOf, sameEmqx, sightings, versionObjection } from './agents.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import { hashToken, newToken } from './keys.ts';
import { checkClusterCount } from './license.ts';
import { generationOfText } from './offers.ts';
import type { Db, World } from './world.ts';

const mostAgents = 32;

export async function addManaged(
  world: World,
  actor: Actor,
  now: number,
  project: ProjectRow,
  data: { readonly name: string; readonly serviceAddress: string },
): Promise<ClusterRow> {
  const id = newId();
  const row: ClusterRow = {
    id,
    org_id: project.org_id,
    project_id: project.id,
    type: 'managed',
    name: checkManagedName(data.name),
    descr: '',
    creator: actor.name,
    status: 'created',
    reason: '',
    spec_json: '{}',
    files_json: '{}',
    addresses_json: '[]',
    version: '',
    replicas: 0,
    reserved: 0,
    service_address: checkServiceAddress(data.serviceAddress),
    registration_hash: hashToken(world.keys.registrationToken(id)),
    task_id: '',
    up_at: 0,
    created_at: now,
    updated_at: now,
  };
  await world.db.transaction().execute(async (tx) => {
    await checkClusterCount(tx, now);
    await tx.insertInto('clusters').values(row).execute();
    await audit(tx, now, {
      resource: 'cluster',
      operation: 'create',
      operator: actor,
      orgId: row.org_id,
      projectId: row.project_id,
      cluster: row,
      after: { name: row.name, serviceAddress: row.service_address },
    });
  });
  return row;
}

/**
 * Takes an agent in. The same node id is the same agent: it keeps its id and gets a new token, the one it had is void.
 * An agent that stands under another cluster is refused, because one EMQX cluster is never under two.
 */
export async function registerAgent(
  world: World,
  now: number,
  address: string,
  given: { readonly nodeId: string; readonly registrationToken: string },
): Promise<string> {
  if (!/^[\w.:@-]{8,64}$/.test(given.nodeId)) {
    throw new Failure('invalid_value', { name: 'nodeId', reason: '8 to 64 letters, digits or -_.:@ are needed' });
  }
  const token = newToken();
  await world.db.transaction().execute(async (tx) => {
    const cluster = await tx
      .selectFrom('clusters')
      .selectAll()
      .where('registration_hash', '=', hashToken(given.registrationToken))
      .executeTakeFirst();
    if (!cluster) throw new Failure('bad_registration_token');
    if (cluster.status === 'deleting') throw new Failure('conflict', { reason: 'the cluster is being deleted' });
    const present = await tx.selectFrom('agents').selectAll().where('node_id', '=', given.nodeId).executeTakeFirst();
    if (present && present.cluster_id !== cluster.id) {
      throw new Failure('conflict', {
        reason: 'this agent is registered under another cluster: unregister it there first',
      });
    }
    if (present) await renew(tx, now, present, token);
    else await addAgent(tx, now, cluster, given.nodeId, token);
    await audit(tx, now, {
      resource: 'agent',
      operation: 'register',
      operator: { id: '', name: `agent ${given.nodeId}`, address },
      orgId: cluster.org_id,
      projectId: cluster.project_id,
      cluster,
      after: { nodeId: given.nodeId, again: present !== undefined },
    });
  });
  return token;
}

async function renew(db: Db, now: number, agent: AgentRow, token: string): Promise<void> {
  await db
    .updateTable('agents')
    .set({
      token_hash: hashToken(token),
      errors_json: '{}',
      objection: '',
      reported_at: 0,
      created_at: now,
      updated_at: now,
    })
    .where('id', '=', agent.id)
    .execute();
}

async function addAgent(db: Db, now: number, cluster: ClusterRow, nodeId: string, token: string): Promise<void> {
  const { count } = await db
    .selectFrom('agents')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cluster_id', '=', cluster.id)
    .executeTakeFirstOrThrow();
  if (count >= mostAgents) {
    throw new Failure('refused', {
      reason: `the cluster has ${count} agents, the most there may be: delete those that are gone`,
    });
  }
  await db
    .insertInto('agents')
    .values({
      cluster_id: cluster.id,
      node_id: nodeId,
      token_hash: hashToken(token),
      version: '',
      dashboard: 0,
      nodes_json: '[]',
      errors_json: '{}',
      objection: '',
      reported_at: 0,
      created_at: now,
      updated_at: now,
    })
    .execute();
}

/** Takes a heartbeat in: what the agent says, and what this server holds against it. */
export async function takeReport(world: World, now: number, agent: AgentRow, report: Report): Promise<void> {
  if (report.nodeId !== agent.node_id) {
    throw new Failure('invalid_value', { name: 'nodeId', reason: 'it is not the one this agent registered with' });
  }
  const nodes = report.clusterNodes.slice(0, 100);
  const errors = Object.fromEntries(
    (['nodeConnectError', 'clusterFetchError', 'metricsFetchError', 'logsFetchError', 'mqttConnectError'] as const)
      .map((name) => [name, report[name].slice(0, 1000)])
      .filter(([, text]) => text !== ''),
  );
  await world.db.transaction().execute(async (tx) => {
    const objection = versionObjection(nodes) || (await twiceObjection(tx, now, agent, nodes));
    await tx
      .updateTable('agents')
      .set({
        version: report.agentVersion.slice(0, 100),
        dashboard: report.dashboardEnabled ? 1 : 0,
        nodes_json: JSON.stringify(nodes),
        errors_json: JSON.stringify(errors),
        objection,
        reported_at: now,
        updated_at: now,
      })
      .where('id', '=', agent.id)
      .execute();
    const [first] = nodes;
    if (objection || !first) return;
    const generation = generationOfText(first.version);
    await tx
      .updateTable('clusters')
      .set({
        version: first.version,
        replicas: nodes.length,
        up_at: Math.max(0, now - Math.max(...nodes.map((node) => node.uptime))),
        ...(generation && { type: generation === 4 ? 'managed-v4' : 'managed-v5' }),
      })
      .where('id', '=', agent.cluster_id)
      .execute();
  });
}

/** The later of two entries for one EMQX cluster is the one at fault; the other is named to nobody. */
async function twiceObjection(db: Db, now: number, agent: AgentRow, nodes: Report['clusterNodes']): Promise<string> {
  const seen = sightings(nodes, now);
  if (seen.length === 0) return '';
  const others = await db
    .selectFrom('agents')
    .selectAll()
    .where('cluster_id', '<>', agent.cluster_id)
    .where('id', '<', agent.id)
    .where('objection', '=', '')
    .where('reported_at', '>', 0)
    .execute();
  const twice = others.some((other) => sameEmqx(seen, sightings(nodesOf(other), other.reported_at)));
  return twice ? 'this EMQX cluster is managed under another entry already: delete one of the two' : '';
}

/** Removes an agent; with the last one the connections of the cluster are given back. */
export async function removeAgent(
  world: World,
  now: number,
  operator: Operator,
  cluster: ClusterRow,
  agentId: number,
): Promise<void> {
  await world.db.transaction().execute(async (tx) => {
    const agent = await tx
      .selectFrom('agents')
      .selectAll()
      .where('id', '=', agentId)
      .where('cluster_id', '=', cluster.id)
      .executeTakeFirst();
    if (!agent) throw new Failure('not_found', { kind: 'agent', name: String(agentId) });
    await tx.deleteFrom('agents').where('id', '=', agentId).execute();
    const left = await tx.selectFrom('agents').select('id').where('cluster_id', '=', cluster.id).executeTakeFirst();
    if (!left)
      await tx.updateTable('clusters').set({ reserved: 0, updated_at: now }).where('id', '=', cluster.id).execute();
    await audit(tx, now, {
      resource: 'agent',
      operation: 'unregister',
      operator,
      orgId: cluster.org_id,
      projectId: cluster.project_id,
      cluster,
      before: { nodeId: agent.node_id },
    });
  });
}

/** 1 to 200 characters; for a cluster that exists anything a person can read may be its name. */
function checkManagedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed !== '' && /^[\p{L}\p{N}_ -]{1,200}$/u.test(trimmed)) return trimmed;
  throw new Failure('invalid_value', {
    name: 'name',
    reason: '1 to 200 letters, digits, "_", "-" or spaces are needed',
  });
}

export function checkServiceAddress(address: string): string {
  const trimmed = address.trim();
  if (trimmed === '') return '';
  if (URL.canParse(trimmed) && /^https?:$/.test(new URL(trimmed).protocol) && new URL(trimmed).password === '')
    return trimmed;
  throw new Failure('invalid_value', {
    name: 'xServiceAddress',
    reason: 'an http or https address without a password is needed',
  });
}
