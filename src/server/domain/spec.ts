import type { CreateForm, NetworkChange } from '../../contract/deployments.ts';
import { Names, NetworkConfig } from '../../contract/deployments.ts';
import { protocols } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import type { HostedNetwork, HostedSpec } from '../providers/provider.ts';
import { readJsonField } from './fields.ts';
import { generationOfText } from './offers.ts';
import { findImage, findQuota } from './quotas.ts';
import type { Db } from './world.ts';

/** What a create form asks for; `invalid_value` names the field that cannot be. */
export async function specFrom(db: Db, form: CreateForm): Promise<HostedSpec> {
  const image = await findImage(db, form.image ?? '');
  if (generationOfText(image) === undefined) {
    throw new Failure('invalid_value', { name: 'image', reason: `"${image}" has no EMQX version` });
  }
  const quota = await findQuota(db, form.resourceLimit ?? '');
  return {
    image,
    replicas: form.replicas ?? 3,
    resourceLimit: quota.name,
    connectLimit: form.connectLimit ?? 10,
    network: networkFrom(form),
    nodeSelector: readJsonField('nodeSelector', Names, form.nodeSelector),
    nodeAntiAffinity: form.nodeAntiAffinity ?? false,
    labels: form.labels ?? '',
    env: readJsonField('env', Names, form.env),
    logType: form.logType ?? 'internal',
    crtType: form.crtType ?? 0,
  };
}

function networkFrom(form: CreateForm): HostedNetwork {
  const config = readJsonField('networkConfig', NetworkConfig, form.networkConfig);
  const names = new Set([...Object.keys(config.external_port ?? {}), ...Object.keys(config.service_port ?? {})]);
  const ports = [...names].map((name) => {
    const key = name as keyof NonNullable<NetworkConfig['external_port']>;
    const internal =
      config.service_port?.[key] ??
      protocols.find((row) => row.name === name)?.port ??
      config.external_port?.[key] ??
      0;
    return { name, internal, external: config.external_port?.[key] ?? internal };
  });
  return { type: form.networkType ?? 'ClusterIP', ports, annotations: config.annotations ?? {}, loadBalancerClass: '' };
}

/** A network change in the shape of the spec; refuses ports that cannot be. */
export function networkOf(change: NetworkChange): HostedNetwork {
  const bad = (reason: string) => new Failure('invalid_value', { name: 'ports', reason });
  const seen = new Set<number>();
  for (const { name, external, internal } of change.ports) {
    for (const port of [external, internal]) {
      if (port < 1 || port > 65_535) throw bad(`${port} is no port`);
    }
    if (seen.has(external)) throw bad(`port ${external} is given twice`);
    seen.add(external);
    if (!protocols.some((row) => row.name === name) && name !== 'dashboard' && name !== 'api') {
      throw bad(`"${name}" is none of mqtt, mqtts, ws, wss, dashboard, api`);
    }
  }
  return {
    type: change.type,
    ports: change.ports,
    annotations: change.annotations,
    loadBalancerClass: change.load_balancer_class,
  };
}

/** The new image for a cluster: from the list, and of the generation it runs. */
export async function imageFor(db: Db, before: HostedSpec, wanted: string): Promise<string> {
  const image = await findImage(db, wanted);
  const from = generationOfText(before.image);
  const to = generationOfText(image);
  if (from !== to)
    throw new Failure('refused', { reason: `a cluster cannot go from EMQX v${from} to v${to ?? '?'} in place` });
  return image;
}
