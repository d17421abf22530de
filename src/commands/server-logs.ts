import type { Options, OptionValues } from '../cli/command.ts';
import { flagName } from '../cli/command.ts';
import { Failure, reasonOf, usage } from '../core/errors.ts';
import { readSecretFile } from '../core/files.ts';
import { parseSize } from '../core/size.ts';

const usualIndex = 'emqx-logs';

/** Options of `ecpctl server` about the logs of managed clusters. */
export const logOptions = {
  logDays: {
    kind: 'integer',
    min: 1,
    max: 3650,
    value: 'DAYS',
    fallback: '7',
    help: { en: 'How long log records are kept, from their arrival', zh: '日志记录自到达起的保留天数' },
  },
  logSize: {
    kind: 'text',
    value: 'SIZE',
    fallback: '10GiB',
    help: {
      en: 'What the log may take on the disk, such as 500MiB; the oldest records give way',
      zh: '日志最多占用的磁盘空间，例如 500MiB；超出时删除最早的记录',
    },
  },
  logQuota: {
    kind: 'text',
    value: 'SIZE',
    help: {
      en: 'What one cluster may send in a minute, uncompressed, such as 20MiB (default: no limit)',
      zh: '每个集群每分钟可发送的日志量（压缩前），例如 20MiB（默认不限）',
    },
  },
  elasticsearch: {
    kind: 'text',
    value: 'URL',
    help: {
      en: 'Elasticsearch or OpenSearch that agents send logs to and queries go to, instead of this server',
      zh: '代理直接写入、查询也使用的 Elasticsearch 或 OpenSearch，替代本服务自身的日志存储',
    },
  },
  elasticsearchIndex: {
    kind: 'text',
    value: 'NAME',
    fallback: usualIndex,
    help: { en: 'Index of the logs there', zh: '日志所在的索引' },
  },
  elasticsearchCredentialsFile: {
    kind: 'text',
    value: 'FILE',
    env: 'ECP_ELASTICSEARCH_CREDENTIALS',
    help: {
      en: "File with this server's account there, as USER:PASSWORD",
      zh: '本服务在其中的账号文件，格式为 USER:PASSWORD',
    },
  },
  elasticsearchAgentCredentialsFile: {
    kind: 'text',
    value: 'FILE',
    env: 'ECP_ELASTICSEARCH_AGENT_CREDENTIALS',
    help: {
      en: "The account that agents are given (default: this server's)",
      zh: '下发给代理的账号（默认与本服务相同）',
    },
  },
  elasticsearchCaFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'CA certificates to trust for it, in PEM', zh: '连接时信任的 CA 证书（PEM）' },
  },
} as const satisfies Options;

export interface LogSettings {
  readonly logRetention: { readonly days?: number; readonly bytes?: number };
  /** Bytes a minute. */
  readonly logQuota: number | undefined;
  readonly elasticsearch: EngineSettings | undefined;
}

interface Account {
  readonly username: string;
  readonly password: string;
}

/** As the server's `EngineTarget`, which must not be named here. */
interface EngineSettings {
  readonly url: string;
  readonly index: string;
  readonly account: Account;
  readonly agentAccount: Account;
  readonly ca: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;
type Given = OptionValues<typeof logOptions>;

const mebibyte = 1024 ** 2;

/** Reads the values of `logOptions`. Throws `usage`, `invalid_value` and `unusable_path`. */
export function readLogOptions(options: Given, env: Env): LogSettings {
  // Smaller ones hold less than one body of an agent.
  const bytes = readSize('--log-size', options.logSize, 64 * mebibyte, '64MiB');
  const settings = {
    logRetention: { ...(options.logDays !== undefined && { days: options.logDays }), ...(bytes && { bytes }) },
    logQuota: readSize('--log-quota', options.logQuota, mebibyte, '1MiB'),
    elasticsearch: readEngine(options, env),
  };
  if (settings.elasticsearch && settings.logQuota !== undefined) {
    throw usage(
      '--log-quota cannot be held where agents send to a search engine themselves',
      '代理直接写入搜索引擎时无法使用 --log-quota',
    );
  }
  return settings;
}

function readEngine(options: Given, env: Env): EngineSettings | undefined {
  const { elasticsearch: url, elasticsearchIndex: index = usualIndex } = options;
  if (url === undefined) {
    const [stray] = Object.entries(options).find(
      ([name, value]) => name.startsWith('elasticsearch') && value !== undefined,
    ) ?? [undefined];
    if (stray === undefined) return undefined;
    throw usage(`--${flagName(stray)} needs --elasticsearch`, `--${flagName(stray)} 需要与 --elasticsearch 一起使用`);
  }
  // What Elasticsearch allows in a name, but for those that mean something else in an address.
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(index)) {
    throw new Failure('invalid_value', {
      name: '--elasticsearch-index',
      reason: { en: `"${index}" is no name of an index`, zh: `“${index}”不是索引名称` },
    });
  }
  const account = readAccount(options.elasticsearchCredentialsFile, env, 'ECP_ELASTICSEARCH_CREDENTIALS');
  const agents = readAccount(options.elasticsearchAgentCredentialsFile, env, 'ECP_ELASTICSEARCH_AGENT_CREDENTIALS');
  const usual = account ?? { username: '', password: '' };
  return {
    url: readEngineUrl(url),
    index,
    account: usual,
    agentAccount: agents ?? usual,
    ca: readPem(options.elasticsearchCaFile),
  };
}

/** An address without an account: whatever is in the arguments of a process can be read by everybody on the machine. */
function readEngineUrl(text: string): string {
  const name = '--elasticsearch';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.username !== '' || url.password !== '')) {
    throw new Failure(
      'invalid_value',
      { name, reason: { en: 'an account does not belong in the address', zh: '地址中不应包含账号' } },
      {
        hint: {
          en: 'Put USER:PASSWORD into a file and give it with --elasticsearch-credentials-file',
          zh: '请将 USER:PASSWORD 写入文件，并用 --elasticsearch-credentials-file 指定',
        },
      },
    );
  }
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return text.replace(/\/+$/, '');
  throw new Failure('invalid_value', {
    name,
    reason: { en: `"${text}" is no http or https address`, zh: `“${text}”不是 http 或 https 地址` },
  });
}

/** The file counts before the variable. */
function readAccount(path: string | undefined, env: Env, variable: string): Account | undefined {
  const text = path === undefined ? env[variable] || undefined : readFile(path);
  if (text === undefined) return undefined;
  const [, username, password] = /^([^:\s]+):([^\r\n]+)$/.exec(text) ?? [];
  if (username !== undefined && password !== undefined) return { username, password };
  const reason = { en: 'it does not hold one line USER:PASSWORD', zh: '其中不是一行 USER:PASSWORD' };
  if (path === undefined) throw new Failure('invalid_value', { name: variable, reason });
  throw new Failure('unusable_path', { path, reason });
}

function readPem(path: string | undefined): string | undefined {
  const text = path === undefined ? undefined : readFile(path);
  if (text === undefined || text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new Failure('unusable_path', { path: path ?? '', reason: { en: 'not a PEM file', zh: '不是 PEM 文件' } });
}

function readFile(path: string): string {
  try {
    return readSecretFile(path);
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
}

function readSize(flag: string, text: string | undefined, least: number, leastText: string): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes >= least && Number.isSafeInteger(bytes)) return bytes;
  throw new Failure('invalid_value', {
    name: flag,
    reason: {
      en: `"${text}" is no size from ${leastText} on, such as 500MiB or 10GiB`,
      zh: `“${text}”不是不小于 ${leastText} 的大小，例如 500MiB 或 10GiB`,
    },
  });
}
