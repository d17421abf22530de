import { displayWidth, padEnd } from '../cli/display.ts';
import type { Topic } from '../cli/program.ts';
import { errors, exit } from '../core/errors.ts';
import type { Text } from '../core/text.ts';

function both(make: (lang: 'en' | 'zh') => string): Text {
  return { en: make('en'), zh: make('zh') };
}

function rows(pairs: readonly (readonly [string, Text])[], lang: 'en' | 'zh'): string {
  const width = Math.max(...pairs.map(([left]) => displayWidth(left)));
  return pairs.map(([left, text]) => `  ${padEnd(left, width)}  ${text[lang]}`).join('\n');
}

const exitMeanings: readonly (readonly [number, Text])[] = [
  [exit.done, { en: 'done', zh: '成功' }],
  [exit.failed, { en: 'failed', zh: '失败' }],
  [exit.usage, { en: 'the command line is wrong, or a confirmation is missing', zh: '命令行有误或缺少确认' }],
  [exit.notAllowed, { en: 'not logged in, or not allowed', zh: '未登录或没有权限' }],
  [exit.notFound, { en: 'not found', zh: '找不到' }],
  [exit.refused, { en: 'refused by state, quota or version', zh: '被状态、配额或版本拒绝' }],
  [exit.unreachable, { en: 'server or network not reachable', zh: '服务器或网络不可达' }],
  [exit.differs, { en: 'differences found', zh: '存在差异' }],
  [exit.config, { en: 'a configuration file is wrong', zh: '配置文件有误' }],
  [exit.timeout, { en: 'the wait timed out; the operation goes on', zh: '等待超时，操作仍在继续' }],
  [exit.interrupted, { en: 'interrupted (Ctrl-C)', zh: '被中断（Ctrl-C）' }],
  [exit.terminated, { en: 'terminated (SIGTERM)', zh: '被终止（SIGTERM）' }],
];

const exitIntro: Text = {
  en: 'Every command ends with one of these codes. With -o json an error is one JSON object, the last line of stderr,\n{"error":{"code","message","hint","exit","status?","requestId?"}}, and stdout stays empty.',
  zh: '每个命令都以下列退出码之一结束。使用 -o json 时，错误以一个 JSON 对象输出，为 stderr 的最后一行：\n{"error":{"code","message","hint","exit","status?","requestId?"}}，标准输出为空。',
};
const causes: Text = { en: 'Causes ("code") by exit code:', zh: '各退出码对应的原因（“code”）：' };

const exitCodes: Topic = {
  name: 'exit-codes',
  summary: { en: 'What the exit codes mean', zh: '退出码的含义' },
  body: () =>
    both((lang) => {
      const codes = exitMeanings.map(([code, text]): [string, Text] => [String(code), text]);
      const byExit = exitMeanings.flatMap(([code]): [string, Text][] => {
        const names = Object.entries(errors).filter(([, row]) => row.exit === code);
        const text = names.map(([name]) => name).join(', ');
        return text === '' ? [] : [[String(code), { en: text, zh: text }]];
      });
      return `${exitIntro[lang]}\n\n${rows(codes, lang)}\n\n${causes[lang]}\n${rows(byExit, lang)}`;
    }),
};

const variables: readonly (readonly [string, Text])[] = [
  ['ECP_URL', { en: 'address of ECP; like --url', zh: 'ECP 的地址，同 --url' }],
  ['ECP_TOKEN', { en: 'access token; wins over a login', zh: '访问令牌，优先于登录' }],
  ['ECP_CONTEXT', { en: 'saved context; like --context', zh: '已保存的上下文，同 --context' }],
  ['ECP_ORG', { en: 'organization; like --org', zh: '组织，同 --org' }],
  ['ECP_PROJECT', { en: 'project; like --project', zh: '项目，同 --project' }],
  ['ECP_CONFIG_DIR', { en: 'directory of configuration and tokens', zh: '配置和令牌所在目录' }],
  [
    'ECP_REQUEST_TIMEOUT',
    { en: 'longest time for one request; like --request-timeout', zh: '单个请求的最长时间，同 --request-timeout' },
  ],
  ['ECP_CA_FILE', { en: 'CA certificates to trust; like --ca-file', zh: '信任的 CA 证书，同 --ca-file' }],
  [
    'ECPCTL_KEYRING',
    {
      en: 'off: login keeps the tokens in a file, not in the keyring of the system',
      zh: 'off：登录令牌保存在文件中，不使用系统密钥环',
    },
  ],
  ['ECPCTL_LANG, LC_ALL, LANG', { en: 'language: en or zh', zh: '语言：en 或 zh' }],
  ['NO_COLOR, FORCE_COLOR', { en: 'never or always use colours', zh: '禁用或强制使用颜色' }],
  [
    'HTTP_PROXY, HTTPS_PROXY, NO_PROXY',
    { en: 'proxy for the connection, and hosts without one', zh: '连接代理及不使用代理的主机' },
  ],
];
const environmentIntro: Text = {
  en: 'A flag wins over the environment, the environment over the context. See what counts: ecpctl config explain',
  zh: '命令行参数优先于环境变量，环境变量优先于上下文。查看生效的设置：ecpctl config explain',
};

const environment: Topic = {
  name: 'environment',
  summary: { en: 'Environment variables', zh: '环境变量' },
  body: () => both((lang) => `${environmentIntro[lang]}\n\n${rows(variables, lang)}`),
};

const formatting: Topic = {
  name: 'formatting',
  summary: { en: 'Tables, JSON, queries and columns', zh: '表格、JSON、查询和列' },
  body: () => ({
    en: `stdout carries the result alone; notes, progress and errors go to stderr.

  -o table     aligned columns; on a terminal as wide as it is
  -o wide      more columns
  -o json      a list is an array, one thing an object; field names are those of ECP's API,
               fields that begin with x are added by ecpctl or by its embedded server
  -o yaml      the same as YAML
  -o ndjson    one JSON object a line
  -o name      ids alone, for other commands

  --query      a JMESPath expression over the JSON; prints JSON, or what -o yaml or ndjson asks for
  --columns    columns of the table by name: --columns name,status
  --no-headers no head of the table

Examples:
  ecpctl list -o json --query "[?xStatus=='error'].deployName"
  ecpctl list -o name | xargs -n1 ecpctl status
  ecpctl get plant-1 -o json --query replicas`,
    zh: `标准输出只包含结果；提示、进度和错误输出到 stderr。

  -o table     对齐的列；在终端中适应其宽度
  -o wide      更多列
  -o json      列表为数组，单个对象为对象；字段名与 ECP 的 API 一致，
               以 x 开头的字段由 ecpctl 或其内嵌服务添加
  -o yaml      同上，YAML 格式
  -o ndjson    每行一个 JSON 对象
  -o name      仅输出 ID，供其他命令使用

  --query      对 JSON 使用的 JMESPath 表达式；输出 JSON，或 -o yaml、ndjson 指定的格式
  --columns    按名称选择表格的列：--columns name,status
  --no-headers 不显示表头

示例：
  ecpctl list -o json --query "[?xStatus=='error'].deployName"
  ecpctl list -o name | xargs -n1 ecpctl status
  ecpctl get plant-1 -o json --query replicas`,
  }),
};

export const topics: readonly Topic[] = [exitCodes, environment, formatting];
