import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Errors } from '@sinclair/typebox/errors';
import { Check } from '@sinclair/typebox/value';
import { Failure, reasonOf } from '../core/errors.ts';
import { readTextIfAny, writeFileAtomic } from '../core/files.ts';
import type { LockTools } from '../core/lock.ts';
import { withLock } from '../core/lock.ts';
import type { Text } from '../core/text.ts';
import { jsonErrorLine } from './json-line.ts';

const Named = Type.Object({ id: Type.String(), name: Type.String() });

/** What is kept of one ECP and the place in it where its user works. */
export const ContextEntry = Type.Object(
  {
    url: Type.String({ minLength: 1 }),
    username: Type.Optional(Type.String()),
    org: Type.Optional(Named),
    project: Type.Optional(Named),
    caFile: Type.Optional(Type.String()),
    certFile: Type.Optional(Type.String()),
    keyFile: Type.Optional(Type.String()),
    insecure: Type.Optional(Type.Boolean()),
    /** `--yes` is not enough for a change here. */
    protected: Type.Optional(Type.Boolean()),
    /** What numbers mean on this server where it differs from our tables: `{clusterStatus: {"4": "error"}}`. */
    states: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.String()))),
  },
  { additionalProperties: false },
);
export type ContextEntry = Static<typeof ContextEntry>;

const ConfigFile = Type.Object(
  {
    currentContext: Type.Optional(Type.String()),
    contexts: Type.Optional(Type.Record(Type.String(), ContextEntry)),
  },
  { additionalProperties: false },
);
export type ConfigFile = Static<typeof ConfigFile>;

export interface Config {
  readonly path: string;
  readonly currentContext: string | undefined;
  readonly contexts: Readonly<Record<string, ContextEntry>>;
  /** Changes the file as it is now, one process at a time. */
  update(
    change: (now: { currentContext: string | undefined; contexts: Record<string, ContextEntry> }) => void,
  ): Promise<void>;
}

/** ECP_CONFIG_DIR, or the place where this system keeps settings. */
export function configDirectory(env: Readonly<Record<string, string | undefined>>): string {
  if (env.ECP_CONFIG_DIR) return env.ECP_CONFIG_DIR;
  if (process.platform === 'win32' && env.APPDATA) return join(env.APPDATA, 'ecpctl');
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'ecpctl');
}

/** Names of contexts are names of files too. */
export function checkContextName(name: string): string {
  if (/^[\w][\w.-]{0,63}$/.test(name)) return name;
  throw new Failure('invalid_value', {
    name: '--context',
    reason: {
      en: `"${name}" is no name for a context: 1 to 64 letters, digits, ".", "-" and "_"`,
      zh: `“${name}”不能作为上下文名称：需为 1 到 64 个字母、数字、“.”、“-”或“_”`,
    },
  });
}

/**
 * The configuration file. It is never written where it could not be read.
 *
 * @throws Failure config_invalid, with path and line, where the file is no configuration.
 */
export function openConfig(directory: string, tools: LockTools): Config {
  const path = join(directory, 'config.json');
  const now = readConfig(path);
  return {
    path,
    currentContext: now.currentContext,
    contexts: now.contexts ?? {},
    update: (change) =>
      withLock(
        `${path}.lock`,
        async () => {
          const { currentContext, contexts = {} } = readConfig(path);
          const draft = { currentContext, contexts: { ...contexts } };
          change(draft);
          writeConfig(path, {
            ...(draft.currentContext !== undefined && { currentContext: draft.currentContext }),
            contexts: draft.contexts,
          });
        },
        tools,
      ),
  };
}

/** @throws Failure config_invalid, or unusable_path where the file is there and cannot be read. */
function readConfig(path: string): ConfigFile {
  let text: string | undefined;
  try {
    text = readTextIfAny(path);
  } catch (error) {
    throw unusable(path, error);
  }
  return text === undefined ? {} : parseConfig(path, text);
}

function writeConfig(path: string, config: ConfigFile): void {
  try {
    writeFileAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): Failure {
  return new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
}

function parseConfig(path: string, text: string): ConfigFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const line = jsonErrorLine(text);
    throw invalid(path, { en: `line ${line}: not JSON`, zh: `第 ${line} 行：不是 JSON` }, error);
  }
  if (Check(ConfigFile, value)) return value;
  const wrong = Errors(ConfigFile, value).First() ?? { path: '', message: '?' };
  const at = wrong.path.replace(/^\//, '').replaceAll('/', '.') || '.';
  const line = lineOf(text, wrong.path);
  throw invalid(path, { en: `line ${line}: ${at}: ${wrong.message}`, zh: `第 ${line} 行：${at}：${wrong.message}` });
}

function invalid(path: string, reason: Text, cause?: unknown): Failure {
  return new Failure('config_invalid', { path, reason }, { cause });
}

/** The line where the keys of a JSON pointer stand, one inside the other. */
function lineOf(text: string, pointer: string): number {
  let at = 0;
  for (const key of pointer.split('/').slice(1)) {
    const found = text.indexOf(JSON.stringify(key.replaceAll('~1', '/').replaceAll('~0', '~')), at);
    if (found < 0) break;
    at = found;
  }
  return text.slice(0, at).split('\n').length;
}
