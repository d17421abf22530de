import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { ClusterPlace, Count, DeploymentPlace, Id, inProject, ProjectPlace, Small, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** A form. The answer has no token: read it from the deployment (ecp.md section 2). */
export const addExistingCluster = endpoint({
  method: 'POST',
  path: `${inProject}/clusters/add-existing-cluster`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** Ours: the EMQX dashboard's URL. */
    xServiceAddress: Type.Optional(Type.String({ maxLength: 2048 })),
  }),
  bodyKind: 'urlencoded',
  answer: Type.Object({ id: Type.String(), type: Small, name: Type.String(), createdAt: Time }),
});

/** Lines for a shell, each text with its own line breaks. */
export const SetupInstructions = Type.Object({
  architecture: Type.String(),
  installInstructions: Type.String(),
  registerInstructions: Type.String(),
});
export type SetupInstructions = Static<typeof SetupInstructions>;

/** `platform` is one of `platforms` for our server; the values of ECP are not published. */
export const getSetupInstructions = endpoint({
  method: 'GET',
  path: `${inProject}/clusters/{clusterId}/setupInstructions`,
  caller: 'user',
  params: ClusterPlace,
  query: Type.Object({ platform: Type.String() }),
  answer: Type.Object({ architectures: Type.Array(SetupInstructions) }),
});

/** `err` is where the cause of a cluster's Error state is found. */
export const ClusterAgent = Type.Object({
  id: Count,
  state: Small,
  nodeId: Type.String(),
  version: Type.String(),
  dashboard: Type.Boolean(),
  err: Type.String(),
  createdAt: Time,
  updatedAt: Time,
});
export type ClusterAgent = Static<typeof ClusterAgent>;

export const listAgents = endpoint({
  method: 'GET',
  path: `${inProject}/clusters/{clusterId}/agents`,
  caller: 'user',
  params: ClusterPlace,
  answer: Type.Object({ data: Type.Array(ClusterAgent) }),
});

export const deleteAgent = endpoint({
  method: 'DELETE',
  path: `${inProject}/clusters/{clusterId}/agents/{agentId}`,
  caller: 'user',
  params: Type.Object({ ...ClusterPlace.properties, agentId: Type.Integer({ minimum: 1 }) }),
  repeatable: true,
});

/** Not repeatable: a second time the cluster is no longer found where it was. */
export const transferCluster = endpoint({
  method: 'POST',
  path: `${inProject}/clusters/{clusterId}/transfer`,
  caller: 'user',
  params: DeploymentPlace,
  body: Type.Object({ projectId: Id }),
  bodyKind: 'json',
});

/** EMQX's own API through ECP: any method, status and body are EMQX's (ecp.md section 2). `path` begins with a slash. */
export const dashboardPath = (clusterId: string, path: string): string =>
  `/api/emqxee/dashboard/${encodeURIComponent(clusterId)}${path}`;
