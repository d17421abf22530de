import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Choice, Count, DeploymentPlace, inProject, ProjectPlace, Small, TcpPort, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** Letters, digits, CJK, `_`, `-` and space (ecp.md section 2). */
export const deployNamePattern = '^[\\u4e00-\\u9fa5_a-zA-Z0-9 -]{1,200}$';
export const DeployName = Type.String({ pattern: deployNamePattern });
export const Description = Type.String({ maxLength: 500 });

/** Nodes of a cluster (ecp.md section 5). */
export const Replicas = Type.Integer({ minimum: 1, maximum: 7 });

export const networkTypeWords = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export const NetworkType = Choice(networkTypeWords);
export type NetworkType = Static<typeof NetworkType>;

/** Where a client reaches a protocol of the cluster. */
export const Address = Type.Object({ protocol: Type.String(), host: Type.String(), port: TcpPort });
export type Address = Static<typeof Address>;

/**
 * A cluster, hosted or managed. `status` and `type` are numbers of `states.ts`; `registrationToken` is empty for those
 * who may not edit the cluster.
 */
export const Deployment = Type.Object({
  id: Type.String(),
  type: Small,
  deployName: Type.String(),
  orgId: Type.String(),
  projectId: Type.String(),
  status: Small,
  creator: Type.String(),
  desc: Type.String(),
  upTime: Time,
  createdAt: Time,
  updatedAt: Time,
  expectReplicas: Count,
  replicas: Type.Integer(),
  taskId: Type.String(),
  image: Type.String(),
  /** What ECP writes here is not published; our server writes the network type. */
  network: Type.String(),
  namespace: Type.String(),
  resourceLimit: Type.String(),
  connectLimit: Type.Integer(),
  version: Type.String(),
  registrationToken: Type.String(),
  dashboardEnabled: Type.Boolean(),
  /** Ours: the EMQX dashboard's URL of a managed cluster. */
  xServiceAddress: Type.Optional(Type.String()),
  /** Ours: why the cluster is in Error. */
  xReason: Type.Optional(Type.String()),
  /** Ours: addresses and ports by protocol. */
  xAddresses: Type.Optional(Type.Array(Address)),
});
export type Deployment = Static<typeof Deployment>;

const OneDeployment = Type.Object({ data: Deployment });
const Started = Type.Object({ data: Type.Object({ taskId: Type.String() }) });

export const listDeployments = endpoint({
  method: 'GET',
  path: `${inProject}/deployments`,
  caller: 'user',
  params: ProjectPlace,
  query: Type.Object({
    /** -1 asks for all. */
    limit: Type.Optional(Type.Integer({ minimum: -1, maximum: 50, default: 10 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    deployName: Type.Optional(Type.String()),
    creator: Type.Optional(Type.String()),
  }),
  answer: Type.Object({ data: Type.Object({ total: Count, list: Type.Array(Deployment) }) }),
});

export const getDeployment = endpoint({
  method: 'GET',
  path: `${inProject}/deployments/{clusterId}`,
  caller: 'user',
  params: DeploymentPlace,
  answer: OneDeployment,
});

export const getDeploymentStatus = endpoint({
  method: 'GET',
  path: `${inProject}/deployments/{clusterId}/status`,
  caller: 'user',
  params: DeploymentPlace,
  answer: Type.Object({ data: Type.Object({ status: Small }) }),
});

/** Names of ports in a create form, and of a listener in a network change. */
export const portNames = ['mqtt', 'mqtts', 'ws', 'wss', 'dashboard', 'api'] as const;
export type PortName = (typeof portNames)[number];

const PortMap = Type.Partial(
  Type.Object({ mqtt: TcpPort, mqtts: TcpPort, ws: TcpPort, wss: TcpPort, dashboard: TcpPort, api: TcpPort }),
);

/** What the text field `networkConfig` of the create form holds as JSON. */
export const NetworkConfig = Type.Object({
  external_port: Type.Optional(PortMap),
  service_port: Type.Optional(PortMap),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type NetworkConfig = Static<typeof NetworkConfig>;

/** What the text fields `nodeSelector` and `env` of the create form hold as JSON: names and values. */
export const Names = Type.Record(Type.String(), Type.String());
export type Names = Static<typeof Names>;

/** Certificates and license as text fields; `crtType` says which of them count (`states.ts`). */
const fileFields = {
  crtType: Type.Optional(Type.Integer({ minimum: 0, maximum: 8, default: 0 })),
  wssCaCrt: Type.Optional(Type.String()),
  wssTlsCrt: Type.Optional(Type.String()),
  wssTlsKey: Type.Optional(Type.String()),
  mqttsCaCrt: Type.Optional(Type.String()),
  mqttsTlsCrt: Type.Optional(Type.String()),
  mqttsTlsKey: Type.Optional(Type.String()),
  license: Type.Optional(Type.String()),
};

/** A form: numbers and booleans travel as text and are read back by a validator that coerces. */
export const CreateForm = Type.Object({
  deployName: DeployName,
  desc: Type.Optional(Description),
  image: Type.Optional(Type.String()),
  replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: 7, default: 3 })),
  /** Name of a quota in the quota list. */
  resourceLimit: Type.Optional(Type.String()),
  connectLimit: Type.Optional(Type.Integer({ minimum: 1, default: 10 })),
  networkType: Type.Optional(Choice(networkTypeWords)),
  /** JSON of `NetworkConfig`. */
  networkConfig: Type.Optional(Type.String()),
  /** JSON of `Names`. */
  nodeSelector: Type.Optional(Type.String()),
  nodeAntiAffinity: Type.Optional(Type.Boolean()),
  labels: Type.Optional(Type.String()),
  /** JSON of `Names`. */
  env: Type.Optional(Type.String()),
  logType: Type.Optional(Type.String({ default: 'internal' })),
  ...fileFields,
  backupFilename: Type.Optional(Type.String()),
  backupDeployId: Type.Optional(Type.String()),
  backupFile: Type.Optional(Type.String()),
});
export type CreateForm = Static<typeof CreateForm>;

export const createDeployment = endpoint({
  method: 'POST',
  path: `${inProject}/deployments`,
  caller: 'user',
  params: ProjectPlace,
  body: CreateForm,
  bodyKind: 'urlencoded',
  answer: OneDeployment,
});

export const scaleDeployment = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/scale/{replicas}`,
  caller: 'user',
  params: Type.Object({ ...DeploymentPlace.properties, replicas: Replicas }),
  answer: Started,
});

export const scaleDeploymentVertically = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/vertical/{resourceLimit}`,
  caller: 'user',
  params: Type.Object({ ...DeploymentPlace.properties, resourceLimit: Type.String({ minLength: 1 }) }),
  answer: Started,
});

export const NetworkPort = Type.Object({ name: Type.String(), external: Type.Integer(), internal: Type.Integer() });
export type NetworkPort = Static<typeof NetworkPort>;

/** All four are required, unlike the create form's `networkConfig`, which has another shape altogether. */
export const NetworkChange = Type.Object({
  type: NetworkType,
  ports: Type.Array(NetworkPort),
  annotations: Names,
  load_balancer_class: Type.String(),
});
export type NetworkChange = Static<typeof NetworkChange>;

export const changeNetwork = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/net`,
  caller: 'user',
  params: DeploymentPlace,
  body: NetworkChange,
  bodyKind: 'json',
  answer: Started,
});

/** Connections under a dynamic license; 0 switches the dynamic limit off (ours.md, Server). */
export const changeConnections = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/dynamiclicense-update`,
  caller: 'user',
  params: DeploymentPlace,
  body: Type.Object({ connectLimit: Count }),
  bodyKind: 'json',
  answer: Started,
});

export const CertificateForm = Type.Object(fileFields);
export type CertificateForm = Static<typeof CertificateForm>;

export const changeLicense = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/lic`,
  caller: 'user',
  params: DeploymentPlace,
  body: CertificateForm,
  bodyKind: 'urlencoded',
  answer: Started,
});

export const changeCertificates = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/crt`,
  caller: 'user',
  params: DeploymentPlace,
  body: CertificateForm,
  bodyKind: 'urlencoded',
  answer: Started,
});

export const changeImage = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/image-update`,
  caller: 'user',
  params: DeploymentPlace,
  body: Type.Object({ image: Type.String({ minLength: 1 }) }),
  bodyKind: 'json',
  answer: Started,
});

export const startDeployment = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/start`,
  caller: 'user',
  params: DeploymentPlace,
  answer: OneDeployment,
});

export const stopDeployment = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/stop`,
  caller: 'user',
  params: DeploymentPlace,
  answer: Started,
});

export const repairDeployment = endpoint({
  method: 'POST',
  path: `${inProject}/deployments/{clusterId}/repair`,
  caller: 'user',
  params: DeploymentPlace,
  answer: OneDeployment,
});

/** The cluster's name in the body is the confirmation. */
export const deleteDeployment = endpoint({
  method: 'DELETE',
  path: `${inProject}/deployments/{clusterId}`,
  caller: 'user',
  params: DeploymentPlace,
  body: Type.Object({ name: Type.String() }),
  bodyKind: 'json',
  answer: Started,
});

/** An absent field stays as it is; so does an empty name. */
export const updateDeployment = endpoint({
  method: 'PUT',
  path: `${inProject}/deployments/{clusterId}/update`,
  caller: 'user',
  params: DeploymentPlace,
  body: Type.Object({
    deployName: Type.Optional(Type.String({ pattern: deployNamePattern.replace('{1,', '{0,') })),
    desc: Type.Optional(Description),
    xServiceAddress: Type.Optional(Type.String({ maxLength: 2048 })),
  }),
  bodyKind: 'json',
  answer: Type.Object({}),
  repeatable: true,
});
