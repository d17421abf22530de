import type { Client } from '../api/client.ts';
import type { Place } from '../api/clusters.ts';
import type { TokenSource } from '../api/tokens.ts';
import type { Transport } from '../api/transport.ts';
import type { Tables } from '../contract/states.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import type { Config } from './config.ts';
import type { Credentials } from './credentials.ts';
import { nextCommand } from './next.ts';
import type { Runtime } from './runtime.ts';
import type { Setting, Settings } from './settings.ts';

/** What the commands of `ecpctl` get. All of it is made when first asked for. */
export interface EcpContext extends Runtime {
  config(): Promise<Config>;
  settings(): Promise<Settings>;
  client(): Promise<Client>;
  /** The project to work in, by flag, environment or context; its name looked up where it must be. */
  place(): Promise<Place>;
  /** Names of the numbers on this server. */
  tables(): Promise<Tables>;
  /** Where the tokens of a context are kept. */
  credentials(context: string, url: string): Promise<Credentials>;
  /** A connection to any address, with the TLS options and limits in effect. */
  connect(url: string, tokens: TokenSource | undefined): Promise<Transport>;
}

export function createEcpContext(runtime: Runtime): EcpContext {
  const warnInsecure = once(async () =>
    runtime.out.warn({
      en: 'the TLS certificate is not verified: anybody on the way can read and change what is sent',
      zh: '未验证 TLS 证书：传输途中的任何人都可以读取和篡改数据',
    }),
  );
  const keyring = once(async () => {
    const { configDirectory, openKeyring } = await import('./online.ts');
    return openKeyring(configDirectory(runtime.env), runtime);
  });
  // What one of them has fetched from the keyring is not fetched again.
  const opened = new Map<string, Credentials>();
  const context: EcpContext = {
    ...runtime,
    config: once(async () => {
      const { configDirectory, openConfig } = await import('./online.ts');
      return openConfig(configDirectory(runtime.env), runtime);
    }),
    settings: once(async () => {
      const { resolveSettings } = await import('./online.ts');
      return resolveSettings(runtime.globals, runtime.env, await context.config());
    }),
    client: once(async () => {
      const { createClient } = await import('./online.ts');
      const url = await requireUrl(context);
      return createClient(await context.connect(url, await tokensOf(context, url)));
    }),
    place: once(async () => (await import('./online.ts')).resolvePlace(context)),
    tables: once(async () => {
      const { tablesWith } = await import('./online.ts');
      return tablesWith((await context.settings()).entry?.states ?? {});
    }),
    credentials: async (name, url) => {
      const { configDirectory, openCredentials } = await import('./online.ts');
      const ring = await keyring();
      const key = JSON.stringify([name, url]);
      const open = opened.get(key) ?? openCredentials(configDirectory(runtime.env), name, url, runtime, ring);
      opened.set(key, open);
      return open;
    },
    connect: (url, tokens) => connect(context, url, tokens, warnInsecure),
  };
  return context;
}

/** @throws Failure not_logged_in where no address is known. */
async function requireUrl(context: EcpContext): Promise<string> {
  const { url, context: chosen, entry } = await context.settings();
  if (url) return url.value;
  if (chosen && !entry) {
    throw new Failure(
      'not_found',
      { kind: { en: 'context', zh: '上下文' }, name: chosen.value },
      { hint: { en: 'See them with: ecpctl context list', zh: '查看上下文：ecpctl context list' } },
    );
  }
  throw new Failure(
    'not_logged_in',
    {},
    { hint: { en: 'Run: ecpctl login --url https://ECP', zh: '请运行：ecpctl login --url https://ECP' } },
  );
}

async function connect(
  context: EcpContext,
  url: string,
  tokens: TokenSource | undefined,
  warnInsecure: () => Promise<void>,
): Promise<Transport> {
  const settings = await context.settings();
  const { createTransport } = await import('./online.ts');
  await delayOptimizing();
  if (settings.insecure.value) await warnInsecure();
  const transport = createTransport({
    baseUrl: url,
    tokens,
    tls: {
      caFile: settings.caFile?.value,
      certFile: settings.certFile?.value,
      keyFile: settings.keyFile?.value,
      insecure: settings.insecure.value,
    },
    env: context.env,
    requestTimeoutMs: settings.requestTimeout.value,
    trace: context.debug ? (line) => context.host.stderr.write(`${line}\n`) : undefined,
    clock: context.clock,
    random: context.random,
  });
  context.atExit(() => transport.close());
  return transport;
}

/**
 * undici's parser is WebAssembly. V8 11, which is Node 20's, begins to optimize it within the first answer, and a
 * process cannot end while it does: 100 ms at the end of every command. The later budget is V8 12's own.
 */
async function delayOptimizing(): Promise<void> {
  if (Number.parseInt(process.versions.v8, 10) >= 12) return;
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--wasm-tiering-budget=13000000');
}

/** `--token-file`, then ECP_TOKEN, then what `login` kept. */
async function tokensOf(context: EcpContext, url: string): Promise<TokenSource> {
  const { tokenFile, token, context: chosen } = await context.settings();
  const { fixedToken } = await import('./online.ts');
  if (tokenFile) return { ...fixedToken(await readToken(tokenFile.value)), remedy: otherToken(tokenFile.origin) };
  if (token) return { ...fixedToken(checkedToken(token)), remedy: otherToken(token.origin) };
  if (chosen) return loginTokens(context, chosen.value, url);
  const nobody = () => notLoggedIn(context);
  return { current: nobody, renew: nobody };
}

/** What `login` kept for a context, whatever token the environment gives. */
export async function loginTokens(context: EcpContext, name: string, url: string): Promise<TokenSource> {
  const { refresher, storedTokens } = await import('./online.ts');
  const store = await context.credentials(name, url);
  const anonymous = once(() => context.connect(url, undefined));
  const source = storedTokens(store, async (refreshToken, signal) =>
    refresher(await anonymous())(refreshToken, signal),
  );
  return {
    ...source,
    current: async () => (await source.current()) ?? (await notLoggedIn(context)),
    remedy: loginHint(context),
  };
}

async function notLoggedIn(context: EcpContext): Promise<never> {
  throw new Failure('not_logged_in', {}, { hint: loginHint(context) });
}

/** To the server and the context that the present command is for. */
function loginHint(context: EcpContext): Text {
  const login = nextCommand(context, ['login'], { org: undefined, project: undefined });
  return { en: `Run: ${login}`, zh: `请运行：${login}` };
}

/** A login does not help against a token that wins over it. */
function otherToken(origin: string): Text {
  return {
    en: `The token of ${origin} is used; give another one, or none to use a login`,
    zh: `使用的是 ${origin} 的令牌；请更换令牌，或去掉它以使用登录`,
  };
}

function checkedToken({ value, origin }: Setting<string>): string {
  const token = value.trim();
  if (isToken(token)) return token;
  throw new Failure('invalid_value', { name: origin, reason: noToken });
}

async function readToken(path: string): Promise<string> {
  let token: string;
  try {
    const { readSecretFile } = await import('./online.ts');
    token = readSecretFile(path).trim();
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
  if (isToken(token)) return token;
  throw new Failure('unusable_path', { path, reason: noToken });
}

/** A header cannot carry more than one line, and the error of whoever tries would show the secret. */
function isToken(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

const noToken: Text = { en: 'it holds no token, or more than a token', zh: '其中没有令牌，或不止一个令牌' };

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
