import {
  type Telemetry,
  telemetryBytes,
  telemetryItems,
  telemetryScrape,
  telemetryText,
} from '../../src/contract/telemetry.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { ClusterView, EmqxApi, TrafficView } from './api.ts';
import { within } from './deadline.ts';
import { EmqxError, isAccessError } from './errors.ts';
import { callTimeout, type EmqxHttp, readText } from './http.ts';
import { defined } from './units.ts';

/** What changes slowly is looked at once in so many looks. */
const slowEvery = 6;

type Slow = Pick<Telemetry, 'license' | 'connectors' | 'actions' | 'listeners'>;

/** What one look found, and the first thing that went wrong. */
export interface Figures {
  readonly traffic: TrafficView | undefined;
  readonly alarms: Telemetry['alarms'];
  readonly rules: Telemetry['rules'];
  readonly slow: Slow;
  readonly exporter: string | undefined;
  readonly exporterCut: boolean;
  readonly error: unknown;
}

/** Reads the figures of one EMQX. One that fails does not keep the others from being read. */
export function createFigures(exporter: { readonly http: EmqxHttp; readonly url: string } | undefined) {
  let slow: Slow = {};
  let looks = 0;
  let slowFailed = false;

  return async (api: EmqxApi, signal: AbortSignal): Promise<Figures> => {
    let first: unknown;
    let failures = 0;
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      // When EMQX itself is out of reach, asking for the rest would only wait.
      if (isAccessError(first)) return undefined;
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        first ??= error;
        return undefined;
      }
    };
    const traffic = await attempt(() => api.traffic(signal));
    const alarms = await attempt(() => api.alarms(signal));
    // A rule that is stopped raises no alarm of EMQX's own, as a connector that is down does.
    const rules = await attempt(() => api.rules(signal));
    // Again at once after a failure, so that its sentence goes as soon as the trouble does.
    if (looks++ % slowEvery === 0 || slowFailed) {
      const before = failures;
      slow = {
        license: await attempt(() => api.license(signal)),
        connectors: await attempt(() => api.connectors(signal)),
        actions: await attempt(() => api.actions(signal)),
        listeners: await attempt(() => api.listeners(signal)),
      } as Slow;
      slowFailed = failures > before || isAccessError(first);
    }
    const scraped = exporter && (await attempt(() => scrape(exporter.http, exporter.url, signal)));
    return { traffic, alarms, rules, slow, exporter: scraped?.text, exporterCut: scraped?.cut ?? false, error: first };
  };
}

/** Prometheus text of the exporter, cut at the end of a line when it is too long. */
async function scrape(http: EmqxHttp, url: string, signal: AbortSignal): Promise<{ text: string; cut: boolean }> {
  try {
    const { origin, pathname, search } = new URL(url);
    const path = (pathname === '/' ? '/metrics' : pathname) + search;
    return await within(
      http.clock,
      callTimeout,
      signal,
      () => new Error(`no answer within ${callTimeout / 1000}s`),
      async (limited) => {
        const headers = { accept: 'text/plain' };
        const answer = await http.request({ method: 'GET', base: origin, path, headers }, limited);
        const text = await readText(answer.body, 8 * telemetryScrape);
        if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
        if (text === undefined) throw new Error('it sends more than 4 MiB');
        if (text.length <= telemetryScrape) return { text, cut: false };
        return { text: text.slice(0, text.lastIndexOf('\n', telemetryScrape - 1) + 1), cut: true };
      },
    );
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof EmqxError ? error.cause : error;
    throw new EmqxError('exporter', { url, reason: reasonOf(cause) }, error);
  }
}

/** Puts one look together as it travels. */
export function toTelemetry(
  agent: string,
  time: number,
  generation: 4 | 5,
  cluster: ClusterView,
  { traffic, alarms, rules, slow, exporter, exporterCut }: Figures,
): Telemetry {
  const truncated: string[] = exporterCut ? ['exporter'] : [];
  const lists = {
    alarms,
    rules,
    connectors: slow.connectors,
    actions: slow.actions,
    listeners: slow.listeners,
  };
  const cut: Record<string, unknown> = {};
  for (const [name, list] of Object.entries(lists)) {
    if (list === undefined) continue;
    if (list.length > telemetryItems) truncated.push(name);
    cut[name] = list.slice(0, telemetryItems).map(shorten);
  }
  return defined({
    version: 1 as const,
    time,
    agent,
    generation,
    edition: cluster.edition,
    cluster: cluster.name,
    self: cluster.self,
    nodes: cluster.nodes.slice(0, telemetryItems),
    ...traffic,
    license: slow.license,
    ...cut,
    exporter,
    truncated: truncated.length > 0 ? truncated : undefined,
  }) as Telemetry;
}

/** A copy of an item with its texts cut: one SQL statement must not fill a message. */
function shorten(item: object): object {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.slice(0, telemetryText) : value,
    ]),
  );
}

/**
 * The message as it travels, or undefined where even without the scrape it is too long: a broker ends a connection that
 * brings a message over its limit.
 */
export function encodeTelemetry(telemetry: Telemetry): Buffer | undefined {
  const whole = Buffer.from(JSON.stringify(telemetry));
  if (whole.length <= telemetryBytes) return whole;
  const { exporter, ...rest } = telemetry;
  if (exporter === undefined) return undefined;
  return encodeTelemetry({ ...rest, truncated: [...(rest.truncated ?? []), 'exporter'] });
}
