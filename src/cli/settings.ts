import { normalizeBaseUrl } from '../api/base-url.ts';
import { parseDuration } from '../core/duration.ts';
import { Failure } from '../core/errors.ts';
import type { Config, ContextEntry } from './config.ts';
import { checkContextName } from './config.ts';

/** Where an effective value comes from, best first. */
export type Source = 'flag' | 'environment' | 'context' | 'default';

export interface Setting<T> {
  readonly value: T;
  readonly source: Source;
  /** `--url`, `ECP_URL`, the context's name. */
  readonly origin: string;
}

/** All that decides whom a command speaks to and how. `undefined` where nobody said anything. */
export interface Settings {
  readonly context: Setting<string> | undefined;
  /** The entry behind `context`, where the file has one. */
  readonly entry: ContextEntry | undefined;
  readonly url: Setting<string> | undefined;
  readonly org: Setting<string> | undefined;
  readonly project: Setting<string> | undefined;
  readonly tokenFile: Setting<string> | undefined;
  readonly token: Setting<string> | undefined;
  /** Milliseconds. */
  readonly requestTimeout: Setting<number>;
  readonly caFile: Setting<string> | undefined;
  readonly certFile: Setting<string> | undefined;
  readonly keyFile: Setting<string> | undefined;
  readonly insecure: Setting<boolean>;
}

type Values = Readonly<Record<string, unknown>>;
type Env = Readonly<Record<string, string | undefined>>;

/** Flag before environment before context before default. */
export function resolveSettings(globals: Values, env: Env, config: Config): Settings {
  const flag = (key: string, name: string): Setting<string> | undefined => {
    const value = globals[key];
    return typeof value === 'string' ? { value, source: 'flag', origin: name } : undefined;
  };
  const variable = (name: string): Setting<string> | undefined => {
    const value = env[name];
    return value ? { value, source: 'environment', origin: name } : undefined;
  };
  const context = chooseContext(flag('context', '--context') ?? variable('ECP_CONTEXT'), config);
  const entry = context && config.contexts[context.value];
  const kept = <T>(value: T | undefined): Setting<T> | undefined =>
    value === undefined || !context ? undefined : { value, source: 'context', origin: context.value };
  const url = flag('url', '--url') ?? variable('ECP_URL') ?? kept(entry?.url);
  return {
    context,
    entry,
    url: url && { ...url, value: normalizeBaseUrl(url.value, url.origin) },
    org: flag('org', '--org') ?? variable('ECP_ORG') ?? kept(entry?.org?.name),
    project: flag('project', '--project') ?? variable('ECP_PROJECT') ?? kept(entry?.project?.name),
    tokenFile: flag('tokenFile', '--token-file'),
    token: variable('ECP_TOKEN'),
    requestTimeout: requestTimeout(globals.requestTimeout, variable('ECP_REQUEST_TIMEOUT')),
    caFile: flag('caFile', '--ca-file') ?? variable('ECP_CA_FILE') ?? kept(entry?.caFile),
    certFile: flag('cert', '--cert') ?? kept(entry?.certFile),
    keyFile: flag('key', '--key') ?? kept(entry?.keyFile),
    insecure:
      globals.insecure === true
        ? { value: true, source: 'flag', origin: '--insecure' }
        : (kept(entry?.insecure) ?? { value: false, source: 'default', origin: '' }),
  };
}

function chooseContext(asked: Setting<string> | undefined, config: Config): Setting<string> | undefined {
  if (asked) return { ...asked, value: checkContextName(asked.value) };
  const { currentContext, path } = config;
  return currentContext === undefined ? undefined : { value: currentContext, source: 'context', origin: path };
}

const notZero = { en: 'must be longer than 0', zh: '必须大于 0' };

function requestTimeout(flag: unknown, variable: Setting<string> | undefined): Setting<number> {
  if (typeof flag === 'number' && flag > 0) return { value: flag, source: 'flag', origin: '--request-timeout' };
  if (flag === 0) throw new Failure('invalid_value', { name: '--request-timeout', reason: notZero });
  if (!variable) return { value: 30_000, source: 'default', origin: '' };
  const value = parseDuration(variable.value);
  if (value !== undefined && value > 0) return { ...variable, value };
  throw new Failure('invalid_value', {
    name: variable.origin,
    reason: { en: `"${variable.value}" is not a duration such as 30s`, zh: `“${variable.value}”不是时长，例如 30s` },
  });
}
