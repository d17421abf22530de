import { resolve } from 'node:path';
import { normalizeBaseUrl } from '../api/base-url.ts';
import type { Client } from '../api/client.ts';
import type { Tokens } from '../api/tokens.ts';
import type { ContextEntry } from '../cli/config.ts';
import { kinds, pickByName } from '../cli/places.ts';
import type { EcpContext } from '../cli/session.ts';
import type { Settings } from '../cli/settings.ts';
import { readSecretFromStdin } from '../cli/stdin.ts';
import { Failure, usage } from '../core/errors.ts';
import { command } from './define.ts';

export const login = command({
  path: ['login'],
  summary: { en: 'Log in to an ECP and remember it as a context', zh: '登录 ECP 并保存为上下文' },
  description: {
    en: 'The tokens are kept in the keyring of the system where one answers within three seconds, else in a file that this user alone can read (see: ecpctl config explain); the password is not kept. Later commands renew the session by themselves.',
    zh: '系统密钥环在三秒内响应时，令牌保存在其中，否则保存在仅当前用户可读的文件中（见：ecpctl config explain）；密码不会保存。之后的命令会自动续期会话。',
  },
  intent: 'local',
  options: {
    username: { kind: 'text', short: 'u', value: 'NAME', help: { en: 'User name', zh: '用户名' } },
    passwordStdin: { kind: 'flag', help: { en: 'Read the password from stdin', zh: '从标准输入读取密码' } },
    tokenStdin: {
      kind: 'flag',
      help: { en: 'Read an access token from stdin instead of logging in', zh: '从标准输入读取访问令牌，代替登录' },
    },
  },
  examples: [
    {
      run: 'ecpctl login --url https://ecp.example.com',
      help: { en: 'Ask for user name and password', zh: '询问用户名和密码' },
    },
    {
      run: 'ecpctl login --url https://ecp.example.com --username admin --password-stdin < password.txt',
      help: { en: 'In a script', zh: '在脚本中' },
    },
  ],
  async run(context, { options }) {
    const settings = await context.settings();
    const url = settings.url?.value ?? (await askUrl(context));
    if (options.passwordStdin && options.tokenStdin) {
      throw usage(
        '--password-stdin and --token-stdin exclude each other',
        '--password-stdin 与 --token-stdin 不能同时使用',
      );
    }
    const { tokens, client, username } = options.tokenStdin
      ? await withToken(context, url)
      : await withPassword(context, url, options);
    const name = await contextName(context, settings, url);
    const kept = (await context.config()).contexts[name];
    const entry = await chooseScope(context, client, settings, {
      ...(kept?.url === url ? kept : {}),
      url,
      username,
      ...connectionOf(settings),
    });
    await (await context.credentials(name, url)).begin(tokens);
    await (await context.config()).update((config) => {
      config.contexts[name] = entry;
      config.currentContext = name;
    });
    const { org, project } = entry;
    if (context.out.machine) return context.out.data({ context: name, url, username, org, project });
    context.out.note(
      {
        en: 'Logged in to {url} as {username} (context {name}).',
        zh: '已以 {username} 身份登录 {url}（上下文 {name}）。',
      },
      { url, username, name },
    );
    if (project) {
      context.out.note(
        { en: 'Project: {org} / {project}', zh: '项目：{org} / {project}' },
        { org: org?.name ?? '', project: project.name },
      );
    } else {
      context.out.note({
        en: 'Choose where to work with: ecpctl context set --org ORG --project PROJECT',
        zh: '请选择工作项目：ecpctl context set --org 组织 --project 项目',
      });
    }
  },
});

async function askUrl(context: EcpContext): Promise<string> {
  if (!context.interactive) throw new Failure('input_required', { name: 'URL', flag: '--url' });
  const given = await (await context.prompt()).text({ en: 'Address of ECP', zh: 'ECP 的地址' });
  return normalizeBaseUrl(/^https?:/.test(given) ? given : `https://${given}`, '--url');
}

interface Entered {
  readonly tokens: Tokens;
  readonly client: Client;
  readonly username: string;
}

async function withPassword(
  context: EcpContext,
  url: string,
  options: { username: string | undefined; passwordStdin: boolean | undefined },
): Promise<Entered> {
  const { entry } = await context.settings();
  const username = options.username ?? (await askUsername(context, entry?.username));
  const password = options.passwordStdin
    ? await readSecretFromStdin(context, '--password-stdin')
    : await askPassword(context);
  const anonymous = await clientFor(context, url, undefined);
  const { accessToken, refreshToken } = await anonymous.account.login(username, password, context.signal);
  return { tokens: { accessToken, refreshToken }, client: await clientFor(context, url, accessToken), username };
}

async function withToken(context: EcpContext, url: string): Promise<Entered> {
  const accessToken = (await readSecretFromStdin(context, '--token-stdin')).trim();
  const client = await clientFor(context, url, accessToken);
  const { name } = await client.account.profile(context.signal);
  return { tokens: { accessToken }, client, username: name };
}

async function clientFor(context: EcpContext, url: string, token: string | undefined): Promise<Client> {
  const { createClient, fixedToken } = await import('../cli/online.ts');
  return createClient(await context.connect(url, token === undefined ? undefined : fixedToken(token)));
}

async function askUsername(context: EcpContext, before: string | undefined): Promise<string> {
  if (!context.interactive)
    throw new Failure('input_required', { name: { en: 'a user name', zh: '用户名' }, flag: '--username' });
  return (await context.prompt()).text({ en: 'User name', zh: '用户名' }, { initial: before ?? 'admin' });
}

async function askPassword(context: EcpContext): Promise<string> {
  if (!context.interactive)
    throw new Failure('input_required', { name: { en: 'a password', zh: '密码' }, flag: '--password-stdin' });
  return (await context.prompt()).secret({ en: 'Password', zh: '密码' });
}

/** The name that was asked for; else the context of this address; else the address's host. */
async function contextName(context: EcpContext, settings: Settings, url: string): Promise<string> {
  const { contexts } = await context.config();
  const { context: chosen, entry } = settings;
  if (chosen && (chosen.source !== 'context' || entry?.url === url)) return chosen.value;
  const known = Object.entries(contexts).find(([, one]) => one.url === url)?.[0];
  if (known) return known;
  const { hostname, port } = new URL(url);
  const name = [hostname.replace(/[^\w.-]/g, ''), port].filter(Boolean).join('-') || 'default';
  return contexts[name] ? `${name}-2` : name;
}

function connectionOf({ caFile, certFile, keyFile, insecure }: Settings): Partial<ContextEntry> {
  return {
    ...(caFile && { caFile: resolve(caFile.value) }),
    ...(certFile && { certFile: resolve(certFile.value) }),
    ...(keyFile && { keyFile: resolve(keyFile.value) }),
    ...(insecure.value && { insecure: true }),
  };
}

/** Organization and project: what was asked for, what the context had, or the only ones there are. */
async function chooseScope(
  context: EcpContext,
  client: Client,
  { org, project }: Settings,
  entry: ContextEntry,
): Promise<ContextEntry> {
  const asked = (setting: typeof org) => (setting && setting.source !== 'context' ? setting.value : undefined);
  const orgs = await client.orgs.names(context.signal);
  const askedOrg = asked(org);
  const chosen =
    askedOrg === undefined
      ? (orgs.find((one) => one.id === entry.org?.id) ?? (orgs.length === 1 ? orgs[0] : undefined))
      : pickByName(orgs, askedOrg, kinds.org);
  const { org: _org, project: _project, ...rest } = entry;
  if (!chosen) return rest;
  const projects = await client.orgs.projectNames(chosen.id, context.signal);
  const askedProject = asked(project);
  const place =
    askedProject === undefined
      ? (projects.find((one) => one.id === entry.project?.id) ?? (projects.length === 1 ? projects[0] : undefined))
      : pickByName(projects, askedProject, kinds.project);
  const named = ({ id, name }: { id: string; name: string }) => ({ id, name });
  return { ...rest, org: named(chosen), ...(place && { project: named(place) }) };
}
