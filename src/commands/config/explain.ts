import type { View } from '../../cli/output.ts';
import type { EcpContext } from '../../cli/session.ts';
import type { Setting, Settings } from '../../cli/settings.ts';
import { tokenOrigin } from '../../cli/token-origin.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Text } from '../../core/text.ts';
import { command } from '../define.ts';

interface Row {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly origin: string;
}

const sources: Readonly<Record<string, Text>> = {
  flag: { en: 'flag', zh: '命令行参数' },
  environment: { en: 'environment', zh: '环境变量' },
  context: { en: 'context', zh: '上下文' },
  default: { en: 'default', zh: '默认值' },
  login: { en: 'login', zh: '登录' },
  none: { en: 'not set', zh: '未设置' },
};

const view: View<Row> = {
  name: (row) => row.name,
  columns: [
    { key: 'name', header: { en: 'SETTING', zh: '设置' }, get: (row) => row.name },
    { key: 'value', header: { en: 'VALUE', zh: '值' }, get: (row) => row.value },
    {
      key: 'source',
      header: { en: 'SOURCE', zh: '来源' },
      get: (row, lang) => sources[row.source]?.[lang] ?? row.source,
    },
    { key: 'origin', header: { en: 'FROM', zh: '位置' }, get: (row) => row.origin },
  ],
};

export const configExplain = command({
  path: ['config', 'explain'],
  summary: { en: 'Show every setting in effect and where it comes from', zh: '显示生效的各项设置及其来源' },
  description: {
    en: 'A flag wins over the environment, that over the context, that over the default. Secrets are masked.',
    zh: '优先级：命令行参数、环境变量、上下文、默认值。机密信息会被遮盖。',
  },
  intent: 'local',
  examples: [
    { run: 'ecpctl config explain', help: { en: 'Why it speaks to that server', zh: '了解为何连接到该服务器' } },
  ],
  async run(context) {
    const settings = await context.settings();
    const config = await context.config();
    const rows = [
      {
        name: 'config',
        value: config.path,
        source: context.env.ECP_CONFIG_DIR ? 'environment' : 'default',
        origin: context.env.ECP_CONFIG_DIR ? 'ECP_CONFIG_DIR' : '',
      },
      ...rowsOf(settings),
      await tokenRow(context),
      await keyringRow(context),
      {
        name: 'protected',
        value: String(settings.entry?.protected === true),
        source: settings.entry?.protected === undefined ? 'default' : 'context',
        origin: settings.entry?.protected === undefined ? '' : (settings.context?.value ?? ''),
      },
      {
        name: 'lang',
        value: context.lang,
        source: langSource(context.globals, context.env),
        origin: langOrigin(context.globals, context.env),
      },
    ];
    await context.out.list(rows, view);
  },
});

function rowsOf(settings: Settings): Row[] {
  const { context, url, org, project, requestTimeout, caFile, certFile, keyFile, insecure } = settings;
  const all: [string, Setting<unknown> | undefined, string?][] = [
    ['context', context],
    ['url', url],
    ['org', org],
    ['project', project],
    ['request-timeout', requestTimeout, formatDuration(requestTimeout.value)],
    ['ca-file', caFile],
    ['cert', certFile],
    ['key', keyFile],
    ['insecure', insecure],
  ];
  return all.map(([name, setting, shown]) => ({
    name,
    value: shown ?? String(setting?.value ?? ''),
    source: setting?.source ?? 'none',
    origin: setting?.origin ?? '',
  }));
}

const mask = '******';

async function tokenRow(context: EcpContext): Promise<Row> {
  const origin = await tokenOrigin(context);
  if (!origin) return { name: 'token', value: '', source: 'none', origin: '' };
  const { store, at } = origin;
  return { name: 'token', value: mask, source: store === 'keyring' || store === 'file' ? 'login' : store, origin: at };
}

/** Whether `login` may use the keyring; where it may not, `origin` is why. */
async function keyringRow({ env }: EcpContext): Promise<Row> {
  const { keyringChoice, keyringName } = await import('../../cli/online.ts');
  const { used, source, origin } = keyringChoice(env);
  return { name: 'keyring', value: used ? keyringName() : 'off', source, origin };
}

type Env = Readonly<Record<string, string | undefined>>;

function langOrigin(globals: Readonly<Record<string, unknown>>, env: Env): string {
  if (typeof globals.lang === 'string') return '--lang';
  return ['ECPCTL_LANG', 'LC_ALL', 'LANG'].find((name) => env[name]) ?? '';
}

function langSource(globals: Readonly<Record<string, unknown>>, env: Env): string {
  const origin = langOrigin(globals, env);
  return origin === '--lang' ? 'flag' : origin === '' ? 'default' : 'environment';
}
