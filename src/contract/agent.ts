import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count } from './common.ts';
import { endpoint } from './endpoint.ts';

const base = '/api/clusters/agents/emqxee';

/** Repeatable: the same node id is the same agent, and the last token that was handed out counts. */
export const registerAgent = endpoint({
  method: 'POST',
  path: `${base}/register`,
  caller: 'anyone',
  body: Type.Object({
    /** A UUID that the agent made on its first start (ours.md, Agent and server). */
    nodeId: Type.String({ minLength: 1 }),
    registrationToken: Type.String({ minLength: 1 }),
  }),
  bodyKind: 'json',
  answer: Type.Object({ token: Type.String() }),
  repeatable: true,
});

/** Where logs go and where the tunnel is. */
export const Metadata = Type.Object({
  clusterId: Type.String(),
  elasticsearch: Type.Object({
    urls: Type.Array(Type.String()),
    username: Type.String(),
    password: Type.String(),
    indexName: Type.String(),
  }),
  mqtt: Type.Object({ server: Type.String(), username: Type.String(), password: Type.String() }),
  tunnel: Type.Object({
    requestTopic: Type.String(),
    replyTopic: Type.String(),
    /** Ours: absent, metrics are not sent. */
    telemetryTopic: Type.Optional(Type.String()),
  }),
  /** Ours: settings that ECP does not have. */
  x: Type.Optional(
    Type.Object({
      /** Name of the field mapping for log documents. */
      logs: Type.Optional(Type.String()),
    }),
  ),
});
export type Metadata = Static<typeof Metadata>;

export const getMetadata = endpoint({
  method: 'GET',
  path: `${base}/metadata`,
  caller: 'agent',
  answer: Metadata,
});

/** One EMQX node as the agent's EMQX tells of it. */
export const ReportedNode = Type.Object({
  node: Type.String(),
  version: Type.String(),
  status: Type.String(),
  /** Milliseconds. */
  uptime: Count,
});
export type ReportedNode = Static<typeof ReportedNode>;

/** The heartbeat. Each error is a sentence, empty when all is well. */
export const Report = Type.Object({
  nodeId: Type.String({ minLength: 1 }),
  agentVersion: Type.String({ minLength: 1 }),
  clusterNodes: Type.Array(ReportedNode),
  dashboardEnabled: Type.Boolean(),
  nodeConnectError: Type.String(),
  clusterFetchError: Type.String(),
  metricsFetchError: Type.String(),
  logsFetchError: Type.String(),
  mqttConnectError: Type.String(),
});
export type Report = Static<typeof Report>;

export const reportAgent = endpoint({
  method: 'POST',
  path: `${base}/report`,
  caller: 'agent',
  body: Report,
  bodyKind: 'json',
  repeatable: true,
});

export const unregisterAgent = endpoint({
  method: 'POST',
  path: `${base}/unregister`,
  caller: 'agent',
  repeatable: true,
});
