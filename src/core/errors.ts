import type { Lang, Text, Values } from './text.ts';
import { say } from './text.ts';

/** Exit codes of both programs (contract: ours.md, Both programs). */
export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  notAllowed: 3,
  notFound: 4,
  refused: 5,
  unreachable: 6,
  differs: 8,
  config: 78,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

interface Row {
  readonly exit: ExitCode;
  readonly text: Text;
  readonly hint?: Text;
}

const row = (code: ExitCode, en: string, zh: string, hintEn?: string, hintZh?: string): Row =>
  hintEn === undefined || hintZh === undefined
    ? { exit: code, text: { en, zh } }
    : { exit: code, text: { en, zh }, hint: { en: hintEn, zh: hintZh } };

/**
 * The one table of causes: machine code -> exit code, sentence, next step. The keys are frozen: scripts match on them.
 * `{places}` are filled from the failure's values.
 */
export const errors = {
  // What the caller wrote.
  usage: row(exit.usage, '{reason}', '{reason}', 'See: {program} --help', '用法见：{program} --help'),
  unknown_command: row(
    exit.usage,
    'unknown command "{name}"',
    '未知命令“{name}”',
    'See: {program} --help',
    '用法见：{program} --help',
  ),
  unknown_option: row(
    exit.usage,
    'unknown option "{name}"',
    '未知选项“{name}”',
    'See: {program} --help',
    '用法见：{program} --help',
  ),
  missing_argument: row(
    exit.usage,
    'missing argument: {name}',
    '缺少参数：{name}',
    'See: {program} --help',
    '用法见：{program} --help',
  ),
  invalid_value: row(exit.usage, '{name}: {reason}', '{name}：{reason}'),
  input_required: row(
    exit.usage,
    '{name} is needed and there is no terminal to ask on',
    '需要 {name}，但没有可供询问的终端',
    'Give it with {flag}',
    '请用 {flag} 提供',
  ),
  confirmation_required: row(
    exit.usage,
    'not done: {action} needs a confirmation',
    '未执行：{action}，需要确认',
    'Repeat the command with {flag}',
    '请加上 {flag} 重新执行',
  ),
  ambiguous_name: row(
    exit.usage,
    '{kind} "{name}" is not unique: {ids}',
    '{kind}“{name}”不唯一：{ids}',
    'Give the id instead of the name',
    '请用 ID 代替名称',
  ),

  // Who the caller is.
  not_logged_in: row(exit.notAllowed, 'not logged in', '尚未登录', 'Run: ecpctl login', '请运行：ecpctl login'),
  bad_credentials: row(exit.notAllowed, 'wrong user name or password', '用户名或密码错误'),
  session_expired: row(
    exit.notAllowed,
    'the session has ended',
    '会话已失效',
    'Run: ecpctl login',
    '请运行：ecpctl login',
  ),
  keyring_unavailable: row(
    exit.notAllowed,
    'the tokens are in the keyring ({name}), which cannot be used: {reason}',
    '令牌保存在系统密钥环（{name}）中，但无法使用：{reason}',
    'Unlock it and repeat the command, or keep them in a file: ECPCTL_KEYRING=file ecpctl login',
    '请解锁后重试，或将令牌保存在文件中：ECPCTL_KEYRING=file ecpctl login',
  ),
  forbidden: row(
    exit.notAllowed,
    'not allowed: {reason}',
    '没有权限：{reason}',
    'See your roles with: ecpctl whoami',
    '查看自己的角色：ecpctl whoami',
  ),
  bad_registration_token: row(
    exit.notAllowed,
    'ECP refused the registration token',
    'ECP 拒绝了注册令牌',
    'Get the current one with: ecpctl register CLUSTER --again',
    '获取当前令牌：ecpctl register 集群 --again',
  ),

  // What is there.
  not_found: row(exit.notFound, '{kind} "{name}" not found', '找不到{kind}“{name}”'),

  // What the state, the quota or the version forbids.
  refused: row(exit.refused, 'refused: {reason}', '被拒绝：{reason}'),
  conflict: row(exit.refused, 'refused in the present state: {reason}', '当前状态下被拒绝：{reason}'),
  unsupported: row(exit.refused, '{what} is not offered for {subject}', '{subject}不支持{what}'),
  already_running: row(exit.refused, '{name} is already running (pid {pid})', '{name} 已在运行（进程号 {pid}）'),
  throttled: row(
    exit.refused,
    'too many requests; the server asks to wait',
    '请求过多，服务器要求稍候',
    'Try again later',
    '请稍后重试',
  ),

  // What cannot be reached.
  unreachable: row(
    exit.unreachable,
    'cannot reach {url}: {reason}',
    '无法连接 {url}：{reason}',
    'Check the address, the network and the proxy settings',
    '请检查地址、网络和代理设置',
  ),
  untrusted: row(
    exit.unreachable,
    'the TLS certificate of {url} is not trusted: {reason}',
    '{url} 的 TLS 证书不受信任：{reason}',
    'Give its CA with --ca-file, or --insecure to do without the check',
    '请用 --ca-file 指定其 CA，或用 --insecure 跳过检查',
  ),
  request_timeout: row(
    exit.unreachable,
    'no answer from {url} within {limit}',
    '{url} 在 {limit} 内没有响应',
    'Raise --request-timeout, or check the network',
    '请增大 --request-timeout 或检查网络',
  ),
  unavailable: row(exit.unreachable, '{reason}', '{reason}', 'Try again later', '请稍后重试'),
  not_running: row(
    exit.unreachable,
    '{name} is not running',
    '{name} 没有运行',
    'Start it with: {command}',
    '请启动：{command}',
  ),
  not_available: row(exit.unreachable, '{what} cannot be had here: {reason}', '此处无法获得{what}：{reason}'),

  // What the files say.
  config_invalid: row(
    exit.config,
    '{path}: {reason}',
    '{path}：{reason}',
    'The file is left as it is; correct or remove it',
    '文件保持原样，请更正或删除',
  ),
  state_damaged: row(
    exit.config,
    'the state in {path} is damaged: {reason}',
    '{path} 中的状态已损坏：{reason}',
    'Nothing was changed; restore a copy, or move the file away to start anew',
    '未做任何修改；请恢复备份，或移走该文件后重新开始',
  ),
  unusable_path: row(exit.config, 'cannot use {path}: {reason}', '无法使用 {path}：{reason}'),

  // How it went.
  task_failed: row(
    exit.failed,
    '{what} failed: {reason}',
    '{what}失败：{reason}',
    'See it with: {command}',
    '查看详情：{command}',
  ),
  wait_timeout: row(
    exit.timeout,
    'not finished within {limit}; it goes on',
    '{limit} 内未完成，操作仍在继续',
    'Take the wait up again with: {command}',
    '继续等待：{command}',
  ),
  differs: row(exit.differs, 'differences found', '存在差异'),
  server_failed: row(exit.failed, 'the server failed: {reason}', '服务器出错：{reason}'),
  invalid_answer: row(
    exit.failed,
    'the answer of {url} is not what ECP sends: {reason}',
    '{url} 的响应不符合 ECP 的约定：{reason}',
    'Is this the address of an ECP?',
    '这是 ECP 的地址吗？',
  ),
  failed: row(exit.failed, '{reason}', '{reason}'),
  internal: row(
    exit.failed,
    'a fault in {program} itself: {reason}',
    '{program} 自身出错：{reason}',
    'Repeat with --debug and report what it prints',
    '请加 --debug 重新执行并反馈输出',
  ),
  interrupted: row(exit.interrupted, 'interrupted', '已中断'),
  terminated: row(exit.terminated, 'terminated', '已终止'),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errors;

export interface FailureDetails {
  /** A next step that fits better than the table's. */
  readonly hint?: Text | undefined;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** Texts among the values are said in the reader's language. */
export type FailureValues = Readonly<Record<string, string | number | Text>>;

/** A failure with a row in the table. Everything else that is thrown is a fault of ours and shown as `internal`. */
export class Failure extends Error {
  readonly code: ErrorCode;
  readonly values: FailureValues;
  readonly hint: Text | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, values: FailureValues = {}, details: FailureDetails = {}) {
    super(say(errors[code].text, 'en', inLang(values, 'en')), { cause: details.cause });
    this.name = 'Failure';
    this.code = code;
    this.values = values;
    const { hint }: Row = errors[code];
    this.hint = details.hint ?? hint;
    this.status = details.status;
    this.requestId = details.requestId;
  }

  get exit(): ExitCode {
    return errors[this.code].exit;
  }

  /** The sentence for a person. `defaults` fills places such as `{program}` that the thrower cannot know. */
  sentence(lang: Lang, defaults: Values = {}): string {
    return say(errors[this.code].text, lang, { ...defaults, ...inLang(this.values, lang) });
  }

  /** The next step for a person, where there is one. */
  nextStep(lang: Lang, defaults: Values = {}): string | undefined {
    return this.hint && say(this.hint, lang, { ...defaults, ...inLang(this.values, lang) });
  }
}

function inLang(values: FailureValues, lang: Lang): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'object' ? value[lang] : value]),
  );
}

/** True for a failure with one of these codes. */
export function isFailure(error: unknown, ...codes: readonly ErrorCode[]): error is Failure {
  return error instanceof Failure && codes.includes(error.code);
}

/** A usage failure from a sentence. */
export function usage(en: string, zh: string): Failure {
  return new Failure('usage', { reason: { en, zh } });
}

/** The words of whatever was thrown, for the `reason` of a failure; causes inside (fetch, aggregate) are unwrapped. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (error instanceof Error) return error.message || (error as NodeJS.ErrnoException).code || error.name;
  return String(error);
}
