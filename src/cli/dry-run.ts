import { encodeQuery, fillPath } from '../api/body.ts';
import type { Client } from '../api/client.ts';
import type { Transport } from '../api/transport.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import { isSecretName, redactText, redactValue } from '../core/redact.ts';
import type { Text } from '../core/text.ts';
import type { Options } from './command.ts';
import { quoted } from './confirm.ts';
import { nextCommand } from './next.ts';
import type { EcpContext } from './session.ts';
import type { Settings } from './settings.ts';

export const dryRunOption = {
  dryRun: {
    kind: 'choice',
    choices: ['request', 'curl'],
    bare: 'request',
    help: { en: 'Print the request that would be sent, and send nothing', zh: '只输出将要发送的请求，不发送' },
  },
} as const satisfies Options;

export type DryRun = 'request' | 'curl' | undefined;

/** A request as it would have been sent. */
export interface Planned {
  readonly method: string;
  readonly url: string;
  readonly bodyKind: 'json' | 'urlencoded' | 'multipart' | undefined;
  readonly body: unknown;
  /** Instead of those that go with the kind of the body. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The JSON as it was given on the command line, where `@FILE` stands for a file; it takes the place of `body`. */
  readonly data?: string | undefined;
}

class Stopped extends Error {
  readonly planned: Planned;

  constructor(planned: Planned) {
    super('dry run');
    this.planned = planned;
  }
}

/**
 * Runs `work` with the client. In a dry run that client reads as ever, but its first write is printed instead of sent,
 * and `work` ends there: answers false.
 */
export async function changing(
  context: EcpContext,
  dryRun: DryRun,
  work: (client: Client) => Promise<void>,
): Promise<boolean> {
  const client = await context.client();
  const { createClient } = await import('./online.ts');
  if (dryRun === undefined) {
    await work(createClient(heedful(context, client.transport)));
    return true;
  }
  try {
    await work(createClient(readOnly(client.transport)));
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    await printPlanned(context, error.planned, dryRun);
  }
  return false;
}

/** Says of a change whose answer never came that it may have been made: a repeat could make it twice. */
function heedful(context: EcpContext, transport: Transport): Transport {
  return {
    ...transport,
    call: async (endpoint, input, signal) => {
      try {
        return await transport.call(endpoint, input, signal);
      } catch (error) {
        const { mayBeDone } = await import('./online.ts');
        if (endpoint.method !== 'GET' && (context.signal.aborted || mayBeDone(error))) {
          context.out.warn(perhapsDone, { list: nextCommand(context, ['list']) });
        }
        throw error;
      }
    },
  };
}

const perhapsDone: Text = {
  en: 'the request was on its way and may have been carried out; look before you repeat it: {list}',
  zh: '请求已发出，可能已被执行；重复之前请先查看：{list}',
};

function readOnly(transport: Transport): Transport {
  return {
    ...transport,
    call: (endpoint, input, signal) => {
      if (endpoint.method === 'GET') return transport.call(endpoint, input, signal);
      throw new Stopped(plan(transport.baseUrl, endpoint, input));
    },
  };
}

function plan(baseUrl: string, endpoint: Endpoint, input: object): Planned {
  const { params = {}, query = {}, body } = input as { params?: object; query?: object; body?: unknown };
  return {
    method: endpoint.method,
    url: baseUrl + fillPath(endpoint.path, { ...params }) + encodeQuery({ ...query }, []),
    bodyKind: body === undefined ? undefined : (endpoint.bodyKind ?? 'json'),
    body,
  };
}

/** Prints a request instead of sending it: its secrets masked, or as a command line that does the same. */
export async function printPlanned(context: EcpContext, planned: Planned, how: 'request' | 'curl'): Promise<void> {
  const { out } = context;
  if (how === 'curl') {
    const names =
      planned.bodyKind === 'json'
        ? []
        : given(planned.body)
            .map(([name]) => name)
            .filter(isFromFile);
    if (names.length > 0) out.note(pathsNeeded, { names: names.map((name) => `$${variable(name)}`).join(', ') });
    return out.write(`${curl(planned, tlsFlags(await context.settings()))}\n`);
  }
  const { method, url, body, headers } = planned;
  const shown = {
    method,
    url,
    ...(headers && { headers: redactValue(headers) as object }),
    ...(body !== undefined && { body: typeof body === 'string' ? redactText(body) : redactValue(body) }),
  };
  if (out.machine) return out.data(shown);
  const lines = [
    `${method} ${url}`,
    ...Object.entries(shown.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  if (typeof shown.body === 'string') lines.push(shown.body);
  else if (shown.body !== undefined) lines.push(JSON.stringify(shown.body, null, 2));
  await out.write(`${lines.join('\n')}\n`);
}

const pathsNeeded: Text = {
  en: 'Paths of files, to be set first: {names}',
  zh: '需先设置为文件路径的变量：{names}',
};

/** A command line that does the same. The token is a reference to the environment, what came from files one to files. */
export function curl(planned: Planned, flags: readonly string[] = []): string {
  const { method, url, bodyKind, body, data } = planned;
  const parts = [
    'curl',
    '--fail-with-body',
    ...flags.map(quoted),
    // With `--request HEAD` it would wait for a body.
    ...(method === 'HEAD' ? ['--head'] : ['--request', method]),
    `--header "Authorization: Bearer $ECP_TOKEN"`,
  ];
  const headers = planned.headers ?? (bodyKind === 'json' ? { 'Content-Type': 'application/json' } : {});
  parts.push(...Object.entries(headers).map(([name, value]) => `--header ${header(name, value)}`));
  if (data !== undefined) parts.push(`${data.startsWith('@') ? '--data-binary' : '--data-raw'} ${quoted(data)}`);
  else if (bodyKind === 'json') parts.push(`--data ${quoted(JSON.stringify(body))}`);
  else if (bodyKind) {
    const flag = bodyKind === 'multipart' ? '--form' : '--data-urlencode';
    for (const [name, value] of given(body)) parts.push(`${flag} ${field(name, String(value), bodyKind)}`);
  }
  return [...parts, quoted(url)].join(' ');
}

/** A secret is a reference to the environment: `X-Api-Key` -> `$X_API_KEY`. */
function header(name: string, value: string): string {
  if (!isSecretName(name)) return quoted(`${name}: ${value}`);
  return `"${name}: $${name.replaceAll('-', '_').toUpperCase()}"`;
}

function given(form: unknown): [string, unknown][] {
  return Object.entries(form ?? {}).filter(([, value]) => value !== undefined);
}

/** Curl must trust the server as the present command does. */
function tlsFlags({ caFile, certFile, keyFile, insecure }: Settings): string[] {
  const files = { '--cacert': caFile, '--cert': certFile, '--key': keyFile };
  const given = Object.entries(files).flatMap(([flag, setting]) => (setting ? [flag, setting.value] : []));
  return insecure.value ? [...given, '--insecure'] : given;
}

/** What came from a file is read from one again: a key is nothing for a command line that others can see. */
function field(name: string, value: string, kind: Planned['bodyKind']): string {
  if (!isFromFile(name)) return quoted(`${name}=${value}`);
  return `"${name}${kind === 'multipart' ? '=@' : '@'}$${variable(name)}"`;
}

function isFromFile(name: string): boolean {
  return isSecretName(name) || name === 'file' || /Key$|Crt$/.test(name);
}

/** `wssTlsKey` -> `WSS_TLS_KEY_FILE` */
function variable(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return words === 'FILE' ? words : `${words}_FILE`;
}
