import type { EcpContext } from '../cli/session.ts';
import { Failure, usage } from '../core/errors.ts';
import { command } from './define.ts';
import { parsePairs } from './network-options.ts';
import { rawCall, rawOptions } from './raw-call.ts';

export const api = command({
  path: ['api'],
  summary: { en: 'Call any address of the HTTP API, logged in as you are', zh: '以当前身份调用任意 HTTP API' },
  description: {
    en: '{orgId} and {projectId} in the path become those in use. The body of the answer goes to stdout as it is; a status of 400 and above ends with the exit code of its failure. What writes is sent as it is typed, without a question; in a protected context the name of the context confirms it.',
    zh: '路径中的 {orgId} 和 {projectId} 会替换为当前组织和项目。响应体原样输出到标准输出；状态码 400 及以上时以对应错误的退出码结束。写操作按输入直接发送，不再询问；在受保护的上下文中需用上下文名称确认。',
  },
  intent: 'mutates',
  args: [{ name: 'path', help: { en: 'Path with or without /api', zh: '路径，可带或不带 /api' } }],
  options: {
    ...rawOptions,
    form: { kind: 'text', short: 'F', many: true, value: 'KEY=VALUE', help: { en: 'Field of a form', zh: '表单字段' } },
    header: {
      kind: 'text',
      short: 'H',
      many: true,
      value: 'NAME:VALUE',
      help: { en: 'Further header', zh: '附加请求头' },
    },
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
    {
      run: 'ecpctl api /api/configuration/emqx-total-quota -d @quota.json --confirm production',
      help: { en: 'Write in the protected context "production"', zh: '在受保护的上下文 production 中写入' },
    },
  ],
  async run(context, { args, options }) {
    if (options.data !== undefined && options.form !== undefined) {
      throw usage('--data and --form exclude each other', '--data 与 --form 不能同时使用');
    }
    const path = await fullPath(context, args.path);
    const form = options.form && new URLSearchParams(parsePairs('--form', options.form)).toString();
    await rawCall(context, { ...options, path, form, headers: headersOf(options.header) }, async () => {
      // Only a context can be protected, so wherever the name is asked for there is one.
      const name = (await context.settings()).context?.value ?? '';
      return {
        action: { en: `change through the API in ${name}`, zh: `通过 API 变更 ${name}` },
        name,
      };
    });
  },
});

async function fullPath(context: EcpContext, given: string): Promise<string> {
  // A shell on Windows may turn a leading slash into a path: both spellings are taken.
  const path = `/${given.replace(/^\/+/, '')}`;
  const whole = path.startsWith('/api/') || path === '/api' ? path : `/api${path}`;
  if (!/\{(orgId|projectId)\}/.test(whole)) return whole;
  const { orgId, projectId } = await context.place();
  return whole.replaceAll('{orgId}', orgId).replaceAll('{projectId}', projectId);
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
