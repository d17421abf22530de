import type { ErrorCode, FailureDetails, FailureValues } from '../core/errors.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import type { Text } from '../core/text.ts';

/** What is known of a call when it went wrong. */
export interface Exchange {
  /** Where it went, without query. */
  readonly url: string;
  readonly requestId: string;
  /** The call carried a token of a user. */
  readonly authenticated: boolean;
  /** What a person does where that token is refused. */
  readonly remedy?: Text | undefined;
  /** Places of the path, to say what was not found. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const kinds: Readonly<Record<string, Text>> = {
  orgId: { en: 'organization', zh: '组织' },
  projectId: { en: 'project', zh: '项目' },
  clusterId: { en: 'cluster', zh: '集群' },
  agentId: { en: 'agent', zh: '代理' },
  // The only call whose place is just an id asks for a task.
  id: { en: 'task', zh: '任务' },
};

/** The failure an answer stands for: its status, or a 200 whose body carries an error (ecp.md section 1). */
export function failureOfAnswer(answer: ErrorAnswer, exchange: Exchange): Failure {
  const { status } = answer;
  const stated = statusError(answer.body);
  const reason = stated?.message || plainReason(answer.body) || `HTTP ${status}`;
  const details: FailureDetails = { status, requestId: header(answer, 'x-request-id') ?? exchange.requestId };
  const fail = (code: ErrorCode, values: FailureValues = {}, more: FailureDetails = {}) =>
    new Failure(code, values, { ...details, ...more });
  if (status === 401) {
    return exchange.authenticated ? fail('session_expired', {}, { hint: exchange.remedy }) : fail('not_logged_in');
  }
  if (status === 403) return fail('forbidden', { reason });
  if (status === 404) return notFound(exchange, stated !== undefined, details);
  if (status === 409) return fail('conflict', { reason });
  if (status === 429) return fail('throttled', {}, retryHint(header(answer, 'retry-after')));
  if (status === 502 || status === 503 || status === 504) {
    const { message: en } = stated ?? { message: '' };
    return fail('unavailable', { reason: en === '' ? notReady(status) : en });
  }
  if (status >= 500 || stated?.code === 10001) return fail('server_failed', { reason });
  if (status >= 300 && status < 400) return redirected(exchange, header(answer, 'location'), details);
  return fail('refused', { reason });
}

const notReady = (status: number): Text => ({
  en: `the server is not ready (${status})`,
  zh: `服务器未就绪（${status}）`,
});

/** The failure a broken connection stands for; anything that is no connection trouble comes back unchanged. */
export function failureOfConnection(error: unknown, exchange: Exchange): unknown {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  if (code === undefined) return error;
  const { url, requestId } = exchange;
  const details = { cause: error, requestId };
  if (/^ERR_INVALID_ARG|^UND_ERR_INVALID_ARG/.test(code)) return error;
  if (/CERT|SIGNATURE|^UNABLE_TO_|^HOSTNAME_MISMATCH|^INVALID_CA|^CRL_/.test(code) && !code.startsWith('UND_')) {
    return new Failure('untrusted', { url: originOf(url), reason: reasonOf(error) }, { ...details, hint: cures[code] });
  }
  return new Failure(
    'unreachable',
    { url: originOf(url), reason: (code.startsWith('HPE_') ? noHttp : said[code]) ?? reasonOf(error) },
    details,
  );
}

/** Where no CA would help. */
const cures: Readonly<Record<string, Text>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: {
    en: 'Use a host name that the certificate is for in --url',
    zh: '请在 --url 中使用证书所对应的主机名',
  },
  CERT_HAS_EXPIRED: {
    en: "The server needs a new certificate; check this machine's clock too",
    zh: '服务器需要更新证书；另请检查本机时钟',
  },
};

const said: Readonly<Record<string, Text>> = {
  ECONNREFUSED: { en: 'connection refused', zh: '连接被拒绝' },
  ECONNRESET: { en: 'connection closed by the other side', zh: '连接被对方关闭' },
  UND_ERR_SOCKET: { en: 'connection closed by the other side', zh: '连接被对方关闭' },
  ENOTFOUND: { en: 'no such host', zh: '找不到主机' },
  EAI_AGAIN: { en: 'the name cannot be looked up now', zh: '暂时无法解析主机名' },
  EHOSTUNREACH: { en: 'no route to the host', zh: '没有到主机的路由' },
  ENETUNREACH: { en: 'no route to the network', zh: '没有到网络的路由' },
  ETIMEDOUT: { en: 'connecting takes too long', zh: '连接超时' },
  EPROTO: { en: 'the other side does not speak TLS', zh: '对方不使用 TLS' },
  ERR_SSL_WRONG_VERSION_NUMBER: { en: 'the other side does not speak TLS', zh: '对方不使用 TLS' },
};

const noHttp: Text = { en: 'the other side does not speak HTTP', zh: '对方不使用 HTTP' };

/** The code of a network error, looked for in its causes and in what a happy-eyeballs connect collected. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (error instanceof AggregateError) return errorCode(error.errors[0]) ?? code;
  if (typeof code === 'string') return code;
  // Undici gives no code where the first line already is no HTTP.
  if (error.name === 'HTTPParserError') return 'HPE_';
  return errorCode(cause);
}

export function invalidAnswer(exchange: Exchange, reason: Text, details: FailureDetails = {}): Failure {
  return new Failure('invalid_answer', { url: exchange.url, reason }, { requestId: exchange.requestId, ...details });
}

/** `{code, message}` with a nonzero code, which is an error whatever the status says; undefined for all else. */
export function statusError(body: string): { code: number; message: string } | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return asStatusError(value);
  } catch {
    return undefined;
  }
}

export function asStatusError(value: unknown): { code: number; message: string } | undefined {
  if (typeof value !== 'object' || value === null || !('code' in value) || typeof value.code !== 'number') {
    return undefined;
  }
  const message = 'message' in value && typeof value.message === 'string' ? value.message : '';
  return value.code === 0 ? undefined : { code: value.code, message };
}

/** A place that the API knows but whose thing is gone, or a server that has no such place at all. */
function notFound(exchange: Exchange, stated: boolean, details: FailureDetails): Failure {
  const named = Object.entries(exchange.params).filter(([name]) => kinds[name]);
  const [name, id] = named.at(-1) ?? [];
  const kind = name === undefined ? undefined : kinds[name];
  if (kind && stated) return new Failure('not_found', { kind, name: String(id) }, details);
  const { pathname } = new URL(exchange.url);
  return new Failure('not_found', { kind: { en: 'address', zh: '地址' }, name: pathname }, details);
}

function redirected(exchange: Exchange, location: string | undefined, details: FailureDetails): Failure {
  // A redirect is never followed: the token would go with it.
  const to = location ?? '?';
  return invalidAnswer(
    exchange,
    { en: `it redirects to ${to}`, zh: `它重定向到 ${to}` },
    { ...details, hint: { en: 'Give the final address with --url', zh: '请用 --url 指定最终地址' } },
  );
}

function retryHint(after: string | undefined): FailureDetails {
  if (after === undefined || !/^\d+$/.test(after)) return {};
  return { hint: { en: `Try again in ${after} s`, zh: `请在 ${after} 秒后重试` } };
}

function plainReason(body: string): string | undefined {
  const text = body.trim();
  return text === '' || text.startsWith('<') || text.startsWith('{') ? undefined : text.slice(0, 200);
}

function header(answer: ErrorAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function originOf(url: string): string {
  return new URL(url).origin;
}
