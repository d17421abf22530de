import { readFileSync } from 'node:fs';
import { failureOfAnswer } from '../api/failure.ts';
import type { RawAnswer } from '../api/transport.ts';
import type { EcpContext } from '../cli/session.ts';
import { Failure, reasonOf, usage } from '../core/errors.ts';
import { command } from './define.ts';
import { parsePairs } from './network-options.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

export const api = command({
  path: ['api'],
  summary: { en: 'Call any address of the HTTP API, logged in as you are', zh: '以当前身份调用任意 HTTP API' },
  description: {
    en: '{orgId} and {projectId} in the path become those in use. The body of the answer goes to stdout as it is; a status of 400 and above ends with the exit code of its failure.',
    zh: '路径中的 {orgId} 和 {projectId} 会替换为当前组织和项目。响应体原样输出到标准输出；状态码 400 及以上时以对应错误的退出码结束。',
  },
  intent: 'reads',
  args: [{ name: 'path', help: { en: 'Path with or without /api', zh: '路径，可带或不带 /api' } }],
  options: {
    method: {
      kind: 'choice',
      short: 'X',
      choices: methods,
      value: 'METHOD',
      help: { en: 'GET, or POST where there is data', zh: '默认 GET，有数据时为 POST' },
    },
    data: {
      kind: 'text',
      short: 'd',
      value: 'JSON',
      help: {
        en: 'Body; @FILE reads it from a file, @- from stdin',
        zh: '请求体；@FILE 从文件读取，@- 从标准输入读取',
      },
    },
    form: { kind: 'text', short: 'F', many: true, value: 'KEY=VALUE', help: { en: 'Field of a form', zh: '表单字段' } },
    header: {
      kind: 'text',
      short: 'H',
      many: true,
      value: 'NAME:VALUE',
      help: { en: 'Further header', zh: '附加请求头' },
    },
    include: { kind: 'flag', short: 'i', help: { en: 'Show status and headers too', zh: '同时显示状态和响应头' } },
  },
  examples: [
    { run: 'ecpctl api /api/version', help: { en: 'Read', zh: '读取' } },
    {
      run: 'ecpctl api /api/orgs/{orgId}/projects/{projectId}/deployments?limit=-1',
      help: { en: 'In the project in use', zh: '当前项目中' },
    },
    {
      run: `ecpctl api /api/configuration/emqx-total-quota -d '{"total_cpu_quota":8,"total_memory_quota":16}'`,
      help: { en: 'Write', zh: '写入' },
    },
  ],
  async run(context, { args, options }) {
    if (options.data !== undefined && options.form !== undefined) {
      throw usage('--data and --form exclude each other', '--data 与 --form 不能同时使用');
    }
    const body = options.form
      ? new URLSearchParams(parsePairs('--form', options.form)).toString()
      : await readBody(context, options.data);
    const method = options.method ?? (body === undefined ? 'GET' : 'POST');
    const path = await fullPath(context, args.path);
    const headers = { ...typeOf(options), ...headersOf(options.header) };
    const { transport } = await context.client();
    const answer = await transport.raw({ method, path, headers, body }, context.signal);
    if (options.include) await writeHead(context, answer);
    await pass(context, answer, transport.baseUrl + path);
  },
});

/** Streams the body to stdout, then fails as the status says. */
export async function pass(context: EcpContext, answer: RawAnswer, url: string): Promise<void> {
  let last = 10;
  const head: Buffer[] = [];
  let kept = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    await context.out.write(chunk);
    last = chunk.at(-1) ?? last;
    // Enough of an error's body to say what it is; the whole of it went to stdout.
    if (answer.status >= 400 && kept < 65_536) head.push(chunk);
    kept += chunk.length;
  }
  if (last !== 10 && context.host.stdout.isTTY) await context.out.write('\n');
  if (answer.status < 400) return;
  const exchange = { url: url.replace(/\?.*$/, ''), requestId: '', authenticated: true, params: {} };
  const { status, headers } = answer;
  throw failureOfAnswer({ status, headers, body: Buffer.concat(head).toString() }, exchange);
}

export async function writeHead(context: EcpContext, { status, headers }: RawAnswer): Promise<void> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  await context.out.write(`${[`HTTP ${status}`, ...lines].join('\n')}\n\n`);
}

async function fullPath(context: EcpContext, given: string): Promise<string> {
  // A shell on Windows may turn a leading slash into a path: both spellings are taken.
  const path = `/${given.replace(/^\/+/, '')}`;
  const whole = path.startsWith('/api/') || path === '/api' ? path : `/api${path}`;
  if (!/\{(orgId|projectId)\}/.test(whole)) return whole;
  const { orgId, projectId } = await context.place();
  return whole.replaceAll('{orgId}', orgId).replaceAll('{projectId}', projectId);
}

/** The text itself, or what `@FILE` and `@-` stand for. */
export async function readBody(context: EcpContext, data: string | undefined) {
  if (!data?.startsWith('@')) return data;
  if (data === '@-') return readAll(context);
  const path = data.slice(1);
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
}

async function readAll(context: EcpContext): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of context.host.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

function typeOf({
  data,
  form,
}: {
  data: string | undefined;
  form: readonly string[] | undefined;
}): Record<string, string> {
  if (form) return { 'content-type': 'application/x-www-form-urlencoded' };
  return data === undefined ? {} : { 'content-type': 'application/json' };
}

function headersOf(given: readonly string[] | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of given ?? []) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new Failure('invalid_value', {
        name: '--header',
        reason: { en: `"${line}" is not NAME:VALUE`, zh: `“${line}”不是 NAME:VALUE 形式` },
      });
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
