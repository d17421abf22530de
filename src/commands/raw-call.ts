import { readFileSync } from 'node:fs';
import { failureOfAnswer } from '../api/failure.ts';
import type { RawAnswer } from '../api/transport.ts';
import type { Options } from '../cli/command.ts';
import type { Change, Consent } from '../cli/confirm.ts';
import { confirmChange, confirmOptions } from '../cli/confirm.ts';
import type { DryRun, Planned } from '../cli/dry-run.ts';
import { dryRunOption, printPlanned } from '../cli/dry-run.ts';
import type { EcpContext } from '../cli/session.ts';
import { Failure, reasonOf } from '../core/errors.ts';

/** Of the commands that pass a call on as it is: `api` and `emqx`. */
export const rawOptions = {
  method: {
    kind: 'choice',
    short: 'X',
    choices: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'],
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
  include: { kind: 'flag', short: 'i', help: { en: 'Show status and headers too', zh: '同时显示状态和响应头' } },
  ...confirmOptions,
  ...dryRunOption,
} as const satisfies Options;

export interface RawCall extends Consent {
  readonly path: string;
  readonly method: string | undefined;
  readonly data: string | undefined;
  readonly include: boolean | undefined;
  /** A form instead of `data`. */
  readonly form?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** What an answer of 400 and above is; ECP's own failures where nothing is said. */
  readonly failure?: typeof failureOfAnswer;
  readonly dryRun?: DryRun;
}

/**
 * Sends it, streams the body of the answer to stdout as it is, and fails as its status says. A write was spelled out by
 * whoever typed it and is sent without a question, but for a protected context: `confirmedBy` is what confirms it there.
 */
export async function rawCall(
  context: EcpContext,
  call: RawCall,
  confirmedBy: () => Promise<Pick<Change, 'action' | 'name'>>,
): Promise<void> {
  const method = call.method ?? (call.data === undefined && call.form === undefined ? 'GET' : 'POST');
  if (!call.dryRun && method !== 'GET' && method !== 'HEAD') {
    await confirmChange(context, { ...(await confirmedBy()), weight: 'harmless' }, call);
  }
  const body = call.form ?? (await readBody(context, call.data));
  const type = call.form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers = { ...(body !== undefined && { 'content-type': type }), ...call.headers };
  const { transport } = await context.client();
  if (call.dryRun) {
    const url = transport.baseUrl + call.path;
    return printPlanned(context, { method, url, headers, data: call.data, ...planBody(call.form, body) }, call.dryRun);
  }
  const answer = await transport.raw({ method, path: call.path, headers, body }, context.signal);
  if (call.include) await writeHead(context, answer);
  await pass(context, answer, transport.baseUrl + call.path, call.failure ?? failureOfAnswer);
}

/** What a dry run shows: fields where there are any, so that the secrets among them are known by their names. */
function planBody(form: string | undefined, body: string | Uint8Array | undefined): Pick<Planned, 'bodyKind' | 'body'> {
  if (form !== undefined) return { bodyKind: 'urlencoded', body: Object.fromEntries(new URLSearchParams(form)) };
  if (body === undefined) return { bodyKind: undefined, body };
  const text = Buffer.from(body).toString();
  try {
    return { bodyKind: 'json', body: JSON.parse(text) };
  } catch {
    return { bodyKind: 'json', body: text };
  }
}

async function pass(
  context: EcpContext,
  answer: RawAnswer,
  url: string,
  failure: typeof failureOfAnswer,
): Promise<void> {
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
  throw failure({ status, headers, body: Buffer.concat(head).toString() }, exchange);
}

async function writeHead(context: EcpContext, { status, headers }: RawAnswer): Promise<void> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  await context.out.write(`${[`HTTP ${status}`, ...lines].join('\n')}\n\n`);
}

/** The text itself, or what `@FILE` and `@-` stand for. */
async function readBody(context: EcpContext, data: string | undefined) {
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
