import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, inProject, OrEmpty, ProjectPlace, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** `severity` and `resourceType` are numbers of `states.ts`; `endsAt` is Go's zero time while the alarm is active. */
export const Alarm = Type.Object({
  id: Count,
  name: Type.String(),
  message: Type.String(),
  severity: Type.Integer(),
  resourceType: Type.Integer(),
  resourceId: Type.String(),
  resourceName: Type.String(),
  startsAt: Time,
  endsAt: Time,
});
export type Alarm = Static<typeof Alarm>;

/** All required, and empty where unused. How an empty severity matches is not published: filter again on the client. */
const AlarmQuery = Type.Object({
  fuzzyName: Type.String(),
  severity: OrEmpty(Type.Integer()),
  /** Seconds since the epoch. */
  startsAt: OrEmpty(Type.Integer()),
  /** Seconds since the epoch. */
  endsAt: OrEmpty(Type.Integer()),
  size: Type.Integer({ minimum: 1, maximum: 100 }),
  offset: Type.Integer({ minimum: 0 }),
});

const AlarmPage = Type.Object({ total: Count, data: Type.Array(Alarm) });
const alarms = `${inProject}/alarms`;

export const listCurrentAlarms = endpoint({
  method: 'GET',
  path: `${alarms}/current`,
  caller: 'user',
  params: ProjectPlace,
  query: AlarmQuery,
  answer: AlarmPage,
});

export const listPastAlarms = endpoint({
  method: 'GET',
  path: `${alarms}/history`,
  caller: 'user',
  params: ProjectPlace,
  query: AlarmQuery,
  answer: AlarmPage,
});

export const countCurrentAlarms = endpoint({
  method: 'GET',
  path: `${alarms}/current/count`,
  caller: 'user',
  params: ProjectPlace,
  answer: Type.Object({ count: Count }),
});

export const getAlarmStatus = endpoint({
  method: 'GET',
  path: `${alarms}/status`,
  caller: 'user',
  params: ProjectPlace,
  answer: Type.Object({ enabled: Type.Boolean() }),
});

export const enableAlarms = endpoint({
  method: 'POST',
  path: `${alarms}/enabled`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({ enabled: Type.Boolean() }),
  bodyKind: 'json',
  repeatable: true,
});

/** At most ten receivers (ecp.md section 5). */
export const EmailNotification = Type.Object({
  enabled: Type.Boolean(),
  receivers: Type.Array(Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$', maxLength: 254 }), { maxItems: 10 }),
});
export type EmailNotification = Static<typeof EmailNotification>;

const Headers = Type.Record(Type.String(), Type.String());

export const WebhookNotification = Type.Object({ enabled: Type.Boolean(), url: Type.String(), headers: Headers });
export type WebhookNotification = Static<typeof WebhookNotification>;

/** Ours: what the published calls can read and not change. Seconds, and a count. */
const intervals = {
  xResolveInterval: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
  xStormInterval: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  xStormMaxAlarms: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
};

/** Units of the intervals are not published; our server means seconds. */
export const AlarmConfiguration = Type.Object({
  enabled: Type.Boolean(),
  onlyCritical: Type.Boolean(),
  silenceInterval: Type.Integer(),
  resolveInterval: Type.Integer(),
  stormInterval: Type.Integer(),
  stormMaxAlarms: Type.Integer(),
  email: EmailNotification,
  webhook: WebhookNotification,
});
export type AlarmConfiguration = Static<typeof AlarmConfiguration>;

const configuration = `${alarms}/configuration`;

export const getAlarmConfiguration = endpoint({
  method: 'GET',
  path: configuration,
  caller: 'user',
  params: ProjectPlace,
  answer: AlarmConfiguration,
});

export const updateAlarmNotification = endpoint({
  method: 'POST',
  path: `${configuration}/notification`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({ onlyCritical: Type.Boolean(), silenceInterval: Count, ...intervals }),
  bodyKind: 'json',
  answer: AlarmConfiguration,
  repeatable: true,
});

export const updateAlarmEmail = endpoint({
  method: 'POST',
  path: `${configuration}/notification/email`,
  caller: 'user',
  params: ProjectPlace,
  body: EmailNotification,
  bodyKind: 'json',
  answer: AlarmConfiguration,
  repeatable: true,
});

export const updateAlarmWebhook = endpoint({
  method: 'POST',
  path: `${configuration}/notification/webhook`,
  caller: 'user',
  params: ProjectPlace,
  body: WebhookNotification,
  bodyKind: 'json',
  answer: AlarmConfiguration,
  repeatable: true,
});

export const previewAlarmWebhook = endpoint({
  method: 'POST',
  path: `${configuration}/notification/webhook/preview`,
  caller: 'user',
  params: ProjectPlace,
  answer: Type.Object({ template: Type.String() }),
  repeatable: true,
});

/** Calls the webhook: not to be repeated by itself. */
export const testAlarmWebhook = endpoint({
  method: 'POST',
  path: `${configuration}/notification/webhook/testing`,
  caller: 'user',
  params: ProjectPlace,
  body: Type.Object({ url: Type.String({ pattern: '^https?://' }), headers: Headers }),
  bodyKind: 'json',
});
