import { readFileSync } from 'node:fs';
import type { Options, OptionValues } from '../../src/cli/command.ts';
import type { RegisterAnswer, RegisterRequest } from '../../src/contract/control.ts';
import { exit, Failure, reasonOf } from '../../src/core/errors.ts';
import type { Text } from '../../src/core/text.ts';
import { type AgentContext, define } from './context.ts';
import { registerLocally } from './local.ts';
import { SecretInput } from './secret-input.ts';

const options = {
  url: { kind: 'text', value: 'URL', env: 'ECP_URL', help: { en: 'Address of ECP', zh: 'ECP 的地址' } },
  registrationToken: {
    kind: 'text',
    value: 'TOKEN',
    env: 'ECP_REGISTRATION_TOKEN',
    help: { en: 'Registration token of the cluster', zh: '集群的注册令牌' },
  },
  registrationTokenFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'The token from a file; - is standard input', zh: '从文件读取令牌；- 表示标准输入' },
  },
  emqxDashboardUsername: {
    kind: 'text',
    value: 'NAME',
    env: 'EMQX_DASHBOARD_USERNAME',
    help: { en: 'User of the EMQX dashboard', zh: 'EMQX Dashboard 用户名' },
  },
  emqxDashboardPassword: {
    kind: 'text',
    value: 'PASSWORD',
    env: 'EMQX_DASHBOARD_PASSWORD',
    help: { en: 'Its password', zh: '该用户的密码' },
  },
  emqxDashboardPasswordFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'The password from a file; - is standard input', zh: '从文件读取密码；- 表示标准输入' },
  },
  emqxApiKey: {
    kind: 'text',
    value: 'KEY',
    env: 'EMQX_API_KEY',
    help: { en: 'API key of EMQX, instead of a user', zh: 'EMQX 的 API Key，可代替用户名' },
  },
  emqxApiSecret: {
    kind: 'text',
    value: 'SECRET',
    env: 'EMQX_API_SECRET',
    help: { en: 'Its secret', zh: '该 API Key 的密钥' },
  },
  emqxApiSecretFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'The secret from a file; - is standard input', zh: '从文件读取密钥；- 表示标准输入' },
  },
  emqxDashboardUrl: {
    kind: 'text',
    value: 'URL',
    fallback: 'http://127.0.0.1:18083',
    help: { en: 'Address of the EMQX dashboard', zh: 'EMQX Dashboard 的地址' },
  },
  emqxApiUrl: {
    kind: 'text',
    value: 'URL',
    help: { en: "Address of EMQX's API; the dashboard's unless given", zh: 'EMQX API 的地址，默认与 Dashboard 相同' },
  },
  enableLog: {
    kind: 'boolean',
    aliases: ['enableLog'],
    help: { en: "Ship EMQX's logs to ECP", zh: '将 EMQX 日志发送到 ECP' },
  },
  logDir: {
    kind: 'text',
    aliases: ['logDir'],
    value: 'DIR',
    help: { en: 'Where EMQX writes its logs; v5 says it itself', zh: 'EMQX 的日志目录；v5 可自动获取' },
  },
  caFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: "CA of ECP's certificate, in PEM", zh: 'ECP 证书的 CA（PEM 格式）' },
  },
  insecure: {
    kind: 'flag',
    help: { en: "Do without the check of ECP's certificate", zh: '不校验 ECP 的证书' },
  },
  dryRun: {
    kind: 'flag',
    help: { en: 'Test ECP, EMQX and the log directory; change nothing', zh: '测试 ECP、EMQX 和日志目录，不做任何修改' },
  },
  strict: {
    kind: 'flag',
    help: { en: 'Exit with 6 when EMQX cannot be reached', zh: '无法连接 EMQX 时以退出码 6 结束' },
  },
} as const satisfies Options;

export const register = define({
  path: ['register'],
  summary: { en: 'Register this node at ECP', zh: '将本节点注册到 ECP' },
  description: {
    en: 'Takes effect at once on the running agent and replaces an earlier registration. Address and token are enough: EMQX is then looked for on this machine. A user without a password is asked for it on a terminal. Succeeds as soon as ECP accepts, also while EMQX cannot be reached.',
    zh: '对运行中的代理立即生效，并替换之前的注册。只需地址和令牌：默认使用本机的 EMQX。在终端上会询问缺少的账号。ECP 接受后即为成功，即使 EMQX 暂时无法连接。',
  },
  intent: 'mutates',
  options,
  examples: [
    {
      run: 'sudo emqxee-agent register --url https://ecp.example.com --registration-token-file token.txt',
      help: { en: 'With the token in a file', zh: '从文件读取令牌' },
    },
    {
      run: 'sudo emqxee-agent register --url https://ecp.example.com --registration-token-file - --enable-log True --log-dir /var/log/emqx',
      help: { en: 'With the token on standard input, and logs', zh: '从标准输入读取令牌，并采集日志' },
    },
  ],
  async run(context, input) {
    const request = await requestFrom(context, input.options);
    const control = await context.control();
    const answer = (await control.register(request, context.signal)) ?? (await registerLocally(context, request));
    await show(context, request, answer);
    const emqxFailed = answer.checks.some((check) => check.subject === 'emqx' && !check.ok);
    const failed = input.options.dryRun ? answer.checks.some((check) => !check.ok) : input.options.strict && emqxFailed;
    return failed ? exit.unreachable : exit.done;
  },
});

async function requestFrom(context: AgentContext, given: OptionValues<typeof options>): Promise<RegisterRequest> {
  const secrets = new SecretInput(context);
  const url = given.url ?? (context.env.ECP_URL || undefined);
  if (!url) throw needed({ en: 'the address of ECP', zh: 'ECP 的地址' }, '--url URL');
  const registrationToken = await secrets.read({
    flag: 'registration-token',
    given: given.registrationToken,
    file: given.registrationTokenFile,
    env: 'ECP_REGISTRATION_TOKEN',
  });
  if (!registrationToken)
    throw needed({ en: 'the registration token', zh: '注册令牌' }, '--registration-token-file FILE');
  let username = given.emqxDashboardUsername ?? (context.env.EMQX_DASHBOARD_USERNAME || undefined);
  let password = await secrets.read({
    flag: 'emqx-dashboard-password',
    given: given.emqxDashboardPassword,
    file: given.emqxDashboardPasswordFile,
    env: 'EMQX_DASHBOARD_PASSWORD',
  });
  const apiKey = given.emqxApiKey ?? (context.env.EMQX_API_KEY || undefined);
  const apiSecret = await secrets.read({
    flag: 'emqx-api-secret',
    given: given.emqxApiSecret,
    file: given.emqxApiSecretFile,
    env: 'EMQX_API_SECRET',
  });
  hideCommandLine(context, secrets.onCommandLine);
  if (apiKey && !apiSecret)
    throw needed({ en: "the API key's secret", zh: 'API Key 的密钥' }, '--emqx-api-secret-file FILE');
  if (!apiKey && context.interactive) {
    const prompt = await context.prompt();
    username ??=
      (await prompt.text({ en: 'EMQX dashboard user (empty: none)', zh: 'EMQX Dashboard 用户名（可留空）' })) ||
      undefined;
    if (username) password ??= await prompt.secret({ en: 'Password', zh: '密码' });
  }
  return {
    url,
    registrationToken,
    dashboardUrl: webAddress('--emqx-dashboard-url', given.emqxDashboardUrl),
    apiUrl: webAddress('--emqx-api-url', given.emqxApiUrl),
    username,
    password,
    apiKey,
    apiSecret,
    ca: given.caFile === undefined ? undefined : readCa(given.caFile),
    insecure: given.insecure ?? false,
    // `--log-dir` alone asks for logs, as nothing else could be meant.
    enableLog: given.enableLog ?? given.logDir !== undefined,
    logDir: given.logDir,
    dryRun: given.dryRun ?? false,
  };
}

/** Everybody on the machine can read a command line, as long as the process lives and in the shell's history. */
function hideCommandLine(context: AgentContext, flags: readonly string[]): void {
  if (flags.length === 0) return;
  process.title = 'emqxee-agent register';
  const names = flags.map((flag) => `${flag}-file`).join(', ');
  context.out.warn(
    {
      en: 'secrets on a command line can be seen by others; next time use {names} (- is standard input)',
      zh: '命令行上的机密可能被他人看到；下次请使用 {names}（- 表示标准输入）',
    },
    { names },
  );
}

async function show(context: AgentContext, request: RegisterRequest, answer: RegisterAnswer): Promise<void> {
  if (request.insecure) {
    context.out.warn({ en: "ECP's certificate is not checked.", zh: '未校验 ECP 的证书。' });
  }
  for (const { ok, sentence } of answer.checks) {
    if (ok) context.out.note(sentence);
    else context.out.warn(sentence);
  }
  if (context.out.machine) return context.out.data(answer);
  if (request.dryRun) context.out.note({ en: 'Nothing was changed.', zh: '未做任何修改。' });
  else {
    await context.out.line(
      { en: 'Registered at {url} as {nodeId}.', zh: '已注册到 {url}，节点 ID：{nodeId}。' },
      { url: request.url, nodeId: answer.nodeId },
    );
  }
}

function needed(name: Text, flag: string): Failure {
  return new Failure('input_required', { name, flag });
}

function webAddress(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new Failure('invalid_value', {
    name: flag,
    reason: { en: `"${text}" is no http:// or https:// address`, zh: `“${text}”不是 http:// 或 https:// 地址` },
  });
}

function readCa(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) });
  }
  if (pem.includes('-----BEGIN ')) return pem;
  throw new Failure('unusable_path', { path, reason: { en: 'not a PEM file', zh: '不是 PEM 文件' } });
}
