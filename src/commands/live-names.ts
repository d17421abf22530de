import type { EcpContext } from '../cli/session.ts';
import { systemClock } from '../core/clock.ts';

const freshMs = 30_000;
const patienceMs = 300;

interface Cached {
  readonly at: number;
  readonly names: readonly string[];
}

/**
 * Names for a completion script, from a cache of 30 s, else from the server within 300 ms, else none: a person who
 * presses Tab does not wait, and gets no error.
 */
export async function liveNames(context: EcpContext, completer: string): Promise<readonly string[]> {
  const abort = new AbortController();
  const late = systemClock.sleep(patienceMs, abort.signal).then(
    () => [],
    () => [],
  );
  try {
    return await Promise.race([namesOf({ ...context, signal: abort.signal }, completer), late]);
  } catch {
    return [];
  } finally {
    abort.abort();
  }
}

async function namesOf(context: EcpContext, completer: string): Promise<readonly string[]> {
  if (completer === 'contexts') return Object.keys((await context.config()).contexts);
  if (completer === 'networks') return ['ClusterIP', 'NodePort', 'LoadBalancer'];
  const path = await cachePath(context, completer);
  const { readTextIfAny, writeFileAtomic } = await import('../cli/online.ts');
  const kept = readCached(readTextIfAny(path));
  if (kept && context.clock.now() - kept.at < freshMs) return kept.names;
  const names = await ask(context, completer);
  writeFileAtomic(path, JSON.stringify({ at: context.clock.now(), names }), { durable: false });
  return names;
}

function readCached(text: string | undefined): Cached | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Cached> | null;
    if (typeof value?.at !== 'number' || !Array.isArray(value.names)) return undefined;
    return { at: value.at, names: value.names.filter((name) => typeof name === 'string') };
  } catch {
    return undefined;
  }
}

/** One file per completer, server and place: names of one project must not be offered in another. */
async function cachePath(context: EcpContext, completer: string): Promise<string> {
  const [{ join }, { createHash }, { configDirectory }, settings] = await Promise.all([
    import('node:path'),
    import('node:crypto'),
    import('../cli/online.ts'),
    context.settings(),
  ]);
  const { url, org, project, context: chosen } = settings;
  const key = [completer, url?.value, chosen?.value, org?.value, project?.value].join('\0');
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return join(configDirectory(context.env), 'cache', `${completer}-${name}.json`);
}

async function ask(context: EcpContext, completer: string): Promise<readonly string[]> {
  const client = await context.client();
  const { signal } = context;
  switch (completer) {
    case 'clusters':
      return (await client.clusters.list(await context.place(), {}, signal)).map((one) => one.deployName);
    case 'orgs':
      return (await client.orgs.names(signal)).map((one) => one.name);
    case 'projects': {
      const { resolveOrg } = await import('../cli/online.ts');
      return (await client.orgs.projectNames((await resolveOrg(context)).id, signal)).map((one) => one.name);
    }
    case 'specs':
      return (await client.platform.quotas(signal)).map((one) => one.name);
    case 'images':
      return (await client.platform.images(signal)).map((one) => one.image);
    default:
      return [];
  }
}
