import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { ReportedNode } from './agent.ts';
import { Choice, Count } from './common.ts';

/** Where the agent's control socket is and how long its path may be, in bytes (ours.md, Agent and server). */
export const controlSocket = {
  system: '/run/emqxee-agent/control.sock',
  inHome: 'run/control.sock',
  longestPath: 100,
} as const;

/** HTTP over the control socket; bodies are JSON. Only root and the agent's own user are let in. */
export const controlPaths = {
  /** GET -> AgentStatus. */
  status: '/status',
  /** POST RegisterRequest -> RegisterAnswer. */
  register: '/register',
  /** POST UnregisterRequest -> UnregisterAnswer. */
  unregister: '/unregister',
  /** GET: 200 while the process turns. */
  live: '/live',
  /** GET: 200 while every part that is on is healthy. */
  ready: '/ready',
  /** GET: Prometheus text. */
  metrics: '/metrics',
} as const;

/** Times of this file: epoch milliseconds. */
const Moment = Count;

export const PartReport = Type.Object({
  name: Type.String(),
  state: Choice(['off', 'starting', 'healthy', 'failing']),
  since: Moment,
  reason: Type.Optional(Type.String()),
  lastSuccess: Type.Optional(Moment),
});
export type PartReport = Static<typeof PartReport>;

export const LogReport = Type.Object({
  delivered: Count,
  retried: Count,
  dead: Count,
  /** Records, and bytes where only these are known. */
  lost: Count,
  lostBytes: Count,
  files: Type.Array(
    Type.Object({
      set: Type.String(),
      path: Type.String(),
      size: Count,
      acknowledged: Count,
      /** Bytes until a wrap overwrites what is unread. */
      distance: Type.Optional(Type.Integer()),
    }),
  ),
});
export type LogReport = Static<typeof LogReport>;

/** `status` of the agent, as `emqxee-agent status -o json` prints it. */
export const AgentStatus = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  startedAt: Moment,
  nodeId: Type.String(),
  /** `degraded`: a part is failing. An agent that is not registered yet has nothing to fail at. */
  state: Choice(['unregistered', 'healthy', 'degraded']),
  registration: Type.Optional(
    Type.Object({
      url: Type.String(),
      /** Known as soon as ECP has sent its metadata. */
      clusterId: Type.Optional(Type.String()),
      since: Moment,
    }),
  ),
  parts: Type.Array(PartReport),
  /** EMQX's nodes as last reported. */
  nodes: Type.Array(ReportedNode),
  /** What an operator should know of EMQX although nothing fails, in sentences. */
  notices: Type.Array(Type.String()),
  logs: Type.Optional(LogReport),
  tunnel: Type.Optional(Type.Object({ inFlight: Count, served: Count })),
});
export type AgentStatus = Static<typeof AgentStatus>;

// Undefined may be written: JSON leaves it out.
const text = Type.Optional(Type.Union([Type.String(), Type.Undefined()]));

/** What `register` hands over; secrets travel here and never on a command line. Files (`ca`) as PEM. */
export const RegisterRequest = Type.Object({
  url: Type.String(),
  registrationToken: Type.String({ minLength: 1 }),
  dashboardUrl: text,
  apiUrl: text,
  username: text,
  password: text,
  apiKey: text,
  apiSecret: text,
  ca: text,
  insecure: Type.Optional(Type.Boolean()),
  enableLog: Type.Optional(Type.Boolean()),
  logDir: text,
  /** Tries everything and changes nothing. */
  dryRun: Type.Optional(Type.Boolean()),
});
export type RegisterRequest = Static<typeof RegisterRequest>;

/** One thing that `register` looked at; `sentence` says what was found, for an operator. */
export const RegisterCheck = Type.Object({
  subject: Choice(['ecp', 'emqx', 'logs']),
  ok: Type.Boolean(),
  sentence: Type.String(),
});
export type RegisterCheck = Static<typeof RegisterCheck>;

/** ECP has accepted, unless it was a dry run. A failed check does not undo the registration. */
export const RegisterAnswer = Type.Object({
  nodeId: Type.String(),
  clusterId: Type.Optional(Type.String()),
  checks: Type.Array(RegisterCheck),
});
export type RegisterAnswer = Static<typeof RegisterAnswer>;

/** `force`: forgets the registration also when ECP cannot be told. */
export const UnregisterRequest = Type.Object({ force: Type.Optional(Type.Boolean()) });
export type UnregisterRequest = Static<typeof UnregisterRequest>;

/** `wasRegistered` false: there was nothing to do. */
export const UnregisterAnswer = Type.Object({ wasRegistered: Type.Boolean() });
export type UnregisterAnswer = Static<typeof UnregisterAnswer>;

const Said = Type.Object({ en: Type.String(), zh: Type.String() });

/** A failure: code and values of the error table, so that the caller says it in the reader's language. */
export const ControlError = Type.Object({
  error: Type.Object({
    code: Type.String(),
    values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Said])),
    hint: Type.Optional(Said),
    status: Type.Optional(Type.Integer()),
  }),
});
export type ControlError = Static<typeof ControlError>;
