import { Check } from '@sinclair/typebox/value';
import type {
  EsTarget,
  Image,
  LoadBalancerAnnotation,
  Quota,
  QuotaListChange,
  ServerAccess,
  Smtp,
} from '../../contract/configuration.ts';
import { EcpVersion } from '../../contract/version.ts';
import { Failure, reasonOf } from '../../core/errors.ts';
import type { HostedSpec } from '../providers/provider.ts';
import type { Operator } from './audit.ts';
import { audit } from './audit.ts';
import { generationOfText } from './offers.ts';
import { readQuantity } from './quotas.ts';
import type { PlatformSettings } from './settings.ts';
import { getSetting, putSetting } from './settings.ts';
import type { Db, World } from './world.ts';

/** What stands for a secret that is there; sent back, it means "as it was". */
export const kept = '******';

const mostEntries = 200;

/** Replaces a setting; `make` checks the wish against what there is and may throw. */
export async function changeSetting<Name extends keyof PlatformSettings>(
  db: Db,
  now: number,
  operator: Operator,
  name: Name,
  make: (tx: Db, before: PlatformSettings[Name]) => PlatformSettings[Name] | Promise<PlatformSettings[Name]>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await getSetting(tx, name);
    const after = await make(tx, before);
    await putSetting(tx, name, after);
    await audit(tx, now, {
      resource: 'configuration',
      operation: 'update',
      operator,
      before: { [name]: before },
      after: { [name]: after },
    });
  });
}

export async function quotasFrom(db: Db, change: QuotaListChange): Promise<PlatformSettings['quotas']> {
  checkList('quotas', change.quotas, (quota) => quota.name);
  for (const quota of change.quotas) checkQuota(quota);
  const known = new Set(change.quotas.map((quota) => quota.name));
  for (const spec of await hostedSpecs(db)) {
    if (!known.has(spec.resourceLimit)) throw refused(`the quota ${spec.resourceLimit} is in use by a cluster`);
  }
  const [storage] = change.storageClass;
  return {
    quotas: change.quotas,
    storage_class_name: storage?.storage_class_name ?? '',
    ...(storage?.storage_class_size !== undefined && { storage_class_size: storage.storage_class_size }),
  };
}

function checkQuota({ name, quota }: Quota): void {
  for (const [part, { cpu, memory }] of Object.entries(quota)) {
    for (const [what, { request, limit }] of [
      ['cpu', cpu],
      ['memory', memory],
    ] as const) {
      const [low, high] = [readQuantity(request), readQuantity(limit)];
      if (low > 0 && high >= low) continue;
      throw bad(`quotas.${name}.${part}.${what}`, `"${request}" to "${limit}" is no range of a Kubernetes quantity`);
    }
  }
}

export function imagesFrom(images: readonly Image[]): readonly Image[] {
  checkList('images', images, (image) => image.image);
  for (const { image } of images) {
    if (generationOfText(image) === undefined) throw bad('image', `"${image}" has no EMQX version as its tag`);
  }
  return images;
}

export function annotationsFrom(rows: readonly LoadBalancerAnnotation[]): readonly LoadBalancerAnnotation[] {
  checkList('lb-annotations', rows, (row) => row.name);
  for (const { name, annotations = '{}', min_connection = 1, max_connection } of rows) {
    if (min_connection > max_connection) throw bad(name, `${min_connection} is more than ${max_connection}`);
    if (!isNames(annotations)) throw bad(name, 'its annotations are no JSON object of texts');
  }
  return rows;
}

function isNames(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')
    );
  } catch {
    return false;
  }
}

export function smtpFrom(smtp: Smtp, before: Smtp): Smtp {
  return smtp.password === kept ? { ...smtp, password: before.password } : smtp;
}

export function maskedSmtp(smtp: Smtp): Smtp {
  return smtp.password === '' ? smtp : { ...smtp, password: kept };
}

export function targetsFrom(targets: readonly EsTarget[], before: readonly EsTarget[]): readonly EsTarget[] {
  return targets.map((target, index) => {
    if (target.url && !/^https?:\/\/[^\s/]/.test(target.url)) throw bad('url', `"${target.url}" is no http address`);
    return target.password === kept ? { ...target, password: before[index]?.password ?? '' } : target;
  });
}

export function maskedTargets(targets: readonly EsTarget[]): EsTarget[] {
  return targets.map((target) => (target.password ? { ...target, password: kept } : target));
}

export function accessFrom(access: ServerAccess): ServerAccess {
  if (access.server_name === '') return { scheme: '', server_name: '' };
  if (!/^https?$/.test(access.scheme)) throw bad('scheme', `"${access.scheme}" is neither http nor https`);
  if (!/^[\w.-]+(:\d{1,5})?$|^\[[\da-fA-F:]+\](:\d{1,5})?$/.test(access.server_name)) {
    throw bad('server_name', `"${access.server_name}" is no host, or host and port`);
  }
  return access;
}

/** Asks an ECP at this address for its version; refuses with the reason when there is none. */
export async function tryAccess({ scheme, server_name }: ServerAccess): Promise<void> {
  const url = `${scheme}://${server_name}/api/version`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000), redirect: 'error' });
    const body: unknown = await answer.json();
    if (!Check(EcpVersion, body)) throw new Error('what answers there is no ECP');
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'what answers there is no ECP' : reasonOf(causeOf(error));
    throw new Failure('refused', { reason: `${url}: ${reason}` }, { cause: error });
  }
}

/** `fetch failed` says nothing; what is behind it does. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

/** Where people and agents reach this server: as the setting says, else as it was started. */
export async function publicUrl({ db, settings }: World): Promise<string> {
  const { scheme, server_name } = await getSetting(db, 'server-access');
  return server_name === '' ? settings.url : `${scheme}://${server_name}`;
}

async function hostedSpecs(db: Db): Promise<HostedSpec[]> {
  const rows = await db
    .selectFrom('clusters')
    .select('spec_json')
    .where('type', 'in', ['hosted-v4', 'hosted-v5'])
    .execute();
  return rows.map((row) => JSON.parse(row.spec_json) as HostedSpec);
}

function checkList<Row extends object>(name: string, rows: readonly Row[], key: (row: Row) => string): void {
  if (rows.length > mostEntries) throw bad(name, `more than ${mostEntries} entries`);
  const keys = rows.map(key);
  const twice = keys.find((word, index) => keys.indexOf(word) !== index);
  if (twice !== undefined) throw bad(name, `"${twice}" is given twice`);
  const defaults = rows.filter((row) => 'default' in row && row.default === true);
  if (defaults.length > 1) throw bad(name, 'more than one is the default');
}

function bad(name: string, reason: string): Failure {
  return new Failure('invalid_value', { name, reason });
}

function refused(reason: string): Failure {
  return new Failure('conflict', { reason });
}
