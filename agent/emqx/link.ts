import { Check } from '@sinclair/typebox/value';
import type { Clock } from '../../src/core/clock.ts';
import { parseBase } from './address.ts';
import type { EmqxApi } from './api.ts';
import { createClient } from './client.ts';
import { basicCredentials, type Credentials, parseJson, Refusal, tokenCredentials } from './credentials.ts';
import { abortable } from './deadline.ts';
import { EmqxError, isAccessError } from './errors.ts';
import { createHttp, type EmqxHttp, peek } from './http.ts';
import type { EmqxSettings } from './types.ts';
import { isAtLeast } from './units.ts';
import { createV4, unwrap4 } from './v4.ts';
import { createV5 } from './v5.ts';
import { Status5 } from './v5-answers.ts';

/** The oldest releases that ECP manages (contract: ecp.md section 5). */
const oldest = { 4: '4.4.6', 5: '5.6.0' } as const;

/** A found EMQX and the way into it. */
export interface Entry {
  readonly generation: 4 | 5;
  readonly api: EmqxApi;
  readonly http: EmqxHttp;
  readonly credentials: Credentials;
  /** Where `/api/...` is, and where everything else is. */
  readonly apiBase: string;
  readonly dashboardBase: string;
}

/** The way from one set of settings to EMQX: finds out what stands there, and keeps it until it turns out wrong. */
export interface Link {
  /** Throws `EmqxError`. Finds out once for all who ask. */
  entry(signal: AbortSignal): Promise<Entry>;
  /** Finds out anew at the next `entry`: EMQX has been replaced or upgraded. What was refused stays refused. */
  forget(): void;
  close(): Promise<void>;
}

const never = new AbortController().signal;

export function createLink(settings: EmqxSettings, clock: Clock): Link {
  const http = createHttp(settings, clock);
  const refusal = new Refusal(clock);
  let found: Promise<Entry> | undefined;

  async function find(signal: AbortSignal): Promise<Entry> {
    const dashboardBase = parseBase(settings.dashboardUrl);
    const bases = [...new Set([parseBase(settings.apiUrl), dashboardBase])];
    const failures = new Map<string, unknown>();
    for (const base of bases) {
      const known = await isV5(base, signal).catch((error: unknown) => {
        failures.set(base, error);
        return undefined;
      });
      if (known === undefined) continue;
      const entry = enter(5, base, dashboardBase);
      return known ? entry : checkNodes(entry, signal);
    }
    // Dashboard users are known to the dashboard's port alone, keys to the management port alone (emqx.md A1).
    const base = hasKey(settings) ? parseBase(settings.apiUrl) : dashboardBase;
    if (failures.has(base)) throw failures.get(base);
    await expectV4(base, signal);
    return checkNodes(enter(4, base, dashboardBase), signal);
  }

  function enter(generation: 4 | 5, base: string, dashboardBase: string): Entry {
    const credentials = credentialsFor(settings, generation, http, base, refusal);
    const common = { http, base, prefix: `/api/v${generation}`, version: String(generation), credentials };
    const api =
      generation === 5
        ? createV5(createClient({ ...common, unwrap: (body) => body }))
        : createV4(createClient({ ...common, unwrap: unwrap4 }), selfOfV4, clock);
    return { generation, api, http, credentials, apiBase: base, dashboardBase };
  }

  /**
   * True for v5 of a good version, false for v5 that does not say which, undefined for something else. Its status
   * needs no credentials. Throws when nothing answers, or EMQX is too old.
   */
  async function isV5(base: string, signal: AbortSignal): Promise<boolean | undefined> {
    const { status, text } = await peek(http, base, '/api/v5/status?format=json', signal);
    const body = parseJson(text);
    if (Check(Status5, body)) {
      checkVersion(5, body.rel_vsn, base);
      if (status === 503) throw new EmqxError('not_ready', { url: base });
      return true;
    }
    if (status === 503) throw new EmqxError('not_ready', { url: base });
    // Early releases answer in words; the list of nodes will say which they are.
    return status === 200 && /^emqx is running/m.test(text ?? '') ? false : undefined;
  }

  /** v4 refuses a call without credentials; a page or a 404 is something else. */
  async function expectV4(base: string, signal: AbortSignal): Promise<void> {
    const { status } = await peek(http, base, '/api/v4/nodes', signal);
    if (status === 503) throw new EmqxError('not_ready', { url: base });
    if (status !== 401) throw new EmqxError('not_emqx', { url: base, status });
  }

  async function selfOfV4(signal: AbortSignal): Promise<string | undefined> {
    try {
      const { text } = await peek(http, parseBase(settings.apiUrl), '/status', signal);
      return /^Node (\S+) is /.exec(text ?? '')?.[1];
    } catch {
      // The management port may be closed; then the node stays unknown where there are several.
      return undefined;
    }
  }

  return {
    async entry(signal) {
      found ??= find(never).catch((error: unknown) => {
        found = undefined;
        throw error;
      });
      return abortable(found, signal);
    },
    forget() {
      found = undefined;
    },
    async close() {
      await http.close();
    },
  };
}

/** Throws for a release that is too old; a version that cannot be read passes. */
function checkVersion(generation: 4 | 5, version: string, url: string): void {
  const plain = version.replace(/^[ev]/, '');
  if (!/^\d+\.\d+\.\d+/.test(plain) || isAtLeast(plain, oldest[generation])) return;
  throw new EmqxError('unsupported', { version: plain, url });
}

/** The same for an EMQX that tells its version only to those it lets in. Other trouble shows at the next look. */
async function checkNodes(entry: Entry, signal: AbortSignal): Promise<Entry> {
  try {
    const { nodes } = await entry.api.cluster(signal);
    for (const { version } of nodes) if (version) checkVersion(entry.generation, version, entry.apiBase);
  } catch (error) {
    if (isAccessError(error)) throw error;
  }
  return entry;
}

const hasKey = (settings: EmqxSettings) => settings.apiKey !== undefined && settings.apiSecret !== undefined;

function credentialsFor(
  settings: EmqxSettings,
  generation: 4 | 5,
  http: EmqxHttp,
  base: string,
  refusal: Refusal,
): Credentials {
  const { username, password, apiKey, apiSecret } = settings;
  if (apiKey !== undefined && apiSecret !== undefined) return basicCredentials(apiKey, apiSecret, refusal, 'bad_key');
  if (username === undefined || password === undefined) throw new EmqxError('no_credentials');
  return generation === 5
    ? tokenCredentials(http, base, username, password, refusal)
    : basicCredentials(username, password, refusal, 'bad_password');
}
