import type { Static, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count, Small } from './common.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';

const read = <Answer extends TSchema>(name: string, answer: Answer): Endpoint<TSchema, TSchema, TSchema, Answer> =>
  endpoint({ method: 'GET', path: `/api/configuration/${name}`, caller: 'user', answer });

/** Every write replaces the whole setting, so it may be sent again. */
const write = <Body extends TSchema>(name: string, body: Body): Endpoint<TSchema, TSchema, Body> =>
  endpoint({
    method: 'POST',
    path: `/api/configuration/${name}`,
    caller: 'user',
    body,
    bodyKind: 'json',
    repeatable: true,
  });

const Amount = Type.Object({ request: Type.String(), limit: Type.String() });
const Resources = Type.Object({ cpu: Amount, memory: Amount });

/** A specification of a hosted cluster's nodes, in Kubernetes quantities. `resourceLimit` elsewhere is its name. */
export const Quota = Type.Object({
  name: Type.String({ minLength: 1 }),
  description: Type.Optional(Type.String()),
  default: Type.Optional(Type.Boolean()),
  quota: Type.Object({ emqx: Resources, telegraf: Resources }),
});
export type Quota = Static<typeof Quota>;

/** Reading has one storage class, writing a list of them: so it is published. */
export const QuotaList = Type.Object({
  quotas: Type.Array(Quota),
  storage_class_name: Type.String(),
  storage_class_size: Type.Optional(Type.String()),
});
export type QuotaList = Static<typeof QuotaList>;

export const QuotaListChange = Type.Object({
  quotas: Type.Array(Quota),
  storageClass: Type.Array(
    Type.Object({
      storage_class_name: Type.String(),
      /** A Kubernetes quantity; a bare number counts Mi. */
      storage_class_size: Type.Optional(Type.String({ default: '1024Mi' })),
      type: Type.Optional(Small),
    }),
  ),
});
export type QuotaListChange = Static<typeof QuotaListChange>;

export const listQuotas = read('emqx-quota-list', QuotaList);
export const updateQuotas = write('emqx-quota-list', QuotaListChange);

/** What all hosted clusters together may take; units are not published. */
export const TotalQuota = Type.Object({ total_cpu_quota: Count, total_memory_quota: Count });
export type TotalQuota = Static<typeof TotalQuota>;

export const getTotalQuota = read('emqx-total-quota', TotalQuota);
export const updateTotalQuota = write('emqx-total-quota', TotalQuota);

/** An EMQX image that hosted clusters may run. */
export const Image = Type.Object({
  image: Type.String({ minLength: 1 }),
  default: Type.Optional(Type.Boolean()),
});
export type Image = Static<typeof Image>;

export const listImages = read('image-version-list', Type.Array(Image));
export const updateImages = write('image-version-list', Type.Array(Image));

/** Annotations for a load balancer, by the number of connections; `annotations` is JSON. */
export const LoadBalancerAnnotation = Type.Object({
  name: Type.String({ minLength: 1 }),
  desc: Type.Optional(Type.String()),
  annotations: Type.Optional(Type.String({ default: '{}' })),
  is_enabled: Type.Optional(Type.Boolean()),
  min_connection: Type.Optional(Type.Integer({ minimum: 0, default: 1 })),
  max_connection: Count,
});
export type LoadBalancerAnnotation = Static<typeof LoadBalancerAnnotation>;

export const listLoadBalancerAnnotations = read('lb-annotations', Type.Array(LoadBalancerAnnotation));
export const updateLoadBalancerAnnotations = write('lb-annotations', Type.Array(LoadBalancerAnnotation));

/** `encryption` is `tls` or `starttls`. */
export const Smtp = Type.Object({
  host: Type.String(),
  port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, default: 25 })),
  encryption: Type.Optional(Type.String({ default: 'tls' })),
  username: Type.String(),
  password: Type.String(),
});
export type Smtp = Static<typeof Smtp>;

export const getSmtp = read('smtp', Smtp);
export const updateSmtp = write('smtp', Smtp);
/** Sends a mail: not to be repeated by itself. */
export const testSmtp = endpoint({
  method: 'POST',
  path: '/api/configuration/smtp/testing',
  caller: 'user',
  body: Smtp,
  bodyKind: 'json',
});

/** The platform's template for alarm webhooks. */
export const AlarmSettings = Type.Object({ webhook: Type.Object({ template: Type.String() }) });
export type AlarmSettings = Static<typeof AlarmSettings>;

export const getAlarmSettings = read('alarm', AlarmSettings);
export const updateAlarmSettings = endpoint({
  method: 'POST',
  path: '/api/configuration/alarm',
  caller: 'user',
  body: AlarmSettings,
  bodyKind: 'json',
  answer: AlarmSettings,
  repeatable: true,
});

/** An Elasticsearch that logs are copied to; `internal` as a type means none. */
export const EsTarget = Type.Object({
  type: Type.Optional(Type.String({ default: 'internal' })),
  url: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
});
export type EsTarget = Static<typeof EsTarget>;

export const listEsTargets = read('es-target', Type.Array(EsTarget));
export const updateEsTargets = write('es-target', Type.Array(EsTarget));
export const testEsTarget = endpoint({
  method: 'POST',
  path: '/api/elastic/testing',
  caller: 'user',
  body: Type.Object({ url: Type.String(), username: Type.String(), password: Type.String() }),
  bodyKind: 'json',
  repeatable: true,
});

/** The address that people and agents reach ECP by. */
export const ServerAccess = Type.Object({ scheme: Type.String(), server_name: Type.String() });
export type ServerAccess = Static<typeof ServerAccess>;

export const getServerAccess = read('server-access-name', ServerAccess);
export const updateServerAccess = write('server-access-name', ServerAccess);
export const testServerAccess = write('server-access-name/testing', ServerAccess);
