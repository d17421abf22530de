import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, Id, ProjectPlace, pageFields, paging, Small, sorting, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** What both views of a cluster say; `in` and `out` are rates of messages. */
const clusterFields = {
  status: Small,
  progress: Type.String(),
  image: Type.String(),
  version: Type.String(),
  resourceLimit: Type.String(),
  nodeCount: Type.Integer(),
  expectReplicas: Count,
  connectCount: Type.Integer(),
  connectQuota: Type.Integer(),
  topicCount: Type.Integer(),
  in: Type.Integer(),
  out: Type.Integer(),
};

export const Instance = Type.Object({
  id: Type.String(),
  name: Type.String(),
  type: Small,
  network: Type.String(),
  createdAt: Time,
  upTime: Time,
  ...clusterFields,
  agent: Type.Object({ totalCount: Count, activeCount: Count }),
});
export type Instance = Static<typeof Instance>;

export const monitorProject = endpoint({
  method: 'GET',
  path: '/api/monitor/orgs/{orgId}/projects/{projectId}',
  caller: 'user',
  params: ProjectPlace,
  query: Type.Object({ ...paging(100, 100), ...sorting }),
  answer: Type.Object({
    ...pageFields,
    clusterCount: Type.Integer(),
    userCount: Type.Integer(),
    instance: Type.Array(Instance),
  }),
});

export const ClusterMonitor = Type.Object(clusterFields);
export type ClusterMonitor = Static<typeof ClusterMonitor>;

export const monitorDeployment = endpoint({
  method: 'GET',
  path: '/api/monitor/deployment/{clusterId}',
  caller: 'user',
  params: Type.Object({ clusterId: Id }),
  answer: ClusterMonitor,
});

/** One step of a cluster's history: means over the step, rates in messages a second. */
export const HistoryPoint = Type.Object({
  /** Beginning of the step, milliseconds since the epoch. */
  time: Type.Integer(),
  connectCount: Type.Number(),
  /** The most within the step. */
  connectPeak: Type.Integer(),
  subscriptionCount: Type.Number(),
  topicCount: Type.Number(),
  in: Type.Number(),
  out: Type.Number(),
  dropped: Type.Number(),
});
export type HistoryPoint = Static<typeof HistoryPoint>;

/** Ours: the past of a managed cluster, the finer the closer. Without `start` the last hour. */
export const monitorHistory = endpoint({
  method: 'GET',
  path: '/api/x/monitor/deployment/{clusterId}/history',
  caller: 'user',
  params: Type.Object({ clusterId: Id }),
  query: Type.Object({
    /** Seconds since the epoch. */
    start: Type.Optional(Count),
    /** Seconds since the epoch. */
    end: Type.Optional(Count),
  }),
  answer: Type.Object({
    /** Seconds of one step. */
    step: Count,
    data: Type.Array(HistoryPoint),
  }),
});

export const LicenseUsage = Type.Object({
  /** Clusters in use; the published name has the plural. */
  clusterConsumptions: Count,
  clusterQuota: Count,
  connectionConsumption: Count,
  connectionQuota: Count,
  maxSingleClusterConnectionCount: Count,
  edgeServiceConsumption: Count,
  edgeServiceQuota: Count,
  tagConsumption: Count,
  tagQuota: Count,
  /** Ours: sentences about what will soon be refused. */
  xWarnings: Type.Optional(Type.Array(Type.String())),
});
export type LicenseUsage = Static<typeof LicenseUsage>;

export const getLicenseUsage = endpoint({
  method: 'GET',
  path: '/api/monitor/license',
  caller: 'user',
  answer: LicenseUsage,
});

export const ClusterLicense = Type.Object({
  orgId: Type.String(),
  projectId: Type.String(),
  deployId: Type.String(),
  name: Type.String(),
  status: Type.Integer(),
  connectLimit: Count,
  createdAt: Time,
  updatedAt: Time,
});
export type ClusterLicense = Static<typeof ClusterLicense>;

export const listClusterLicenses = endpoint({
  method: 'GET',
  path: '/api/monitor/license/clusters',
  caller: 'user',
  query: Type.Object({
    orgId: Type.String(),
    projectId: Type.String(),
    /** -1 asks for all. */
    size: Type.Optional(Type.Integer({ minimum: -1, maximum: 50, default: 10 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
  }),
  answer: Type.Object({ data: Type.Object({ total: Count, list: Type.Array(ClusterLicense) }) }),
});
