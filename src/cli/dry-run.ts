import { encodeQuery, fillPath } from '../api/body.ts';
import type { Client } from '../api/client.ts';
import type { Transport } from '../api/transport.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import { isSecretName, redactValue } from '../core/redact.ts';
import type { Options } from './command.ts';
import { quoted } from './confirm.ts';
import type { EcpContext } from './session.ts';

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
interface Planned {
  readonly method: string;
  readonly url: string;
  readonly bodyKind: 'json' | 'urlencoded' | 'multipart' | undefined;
  readonly body: unknown;
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
  if (dryRun === undefined) {
    await work(client);
    return true;
  }
  try {
    const { createClient } = await import('./online.ts');
    await work(createClient(readOnly(client.transport)));
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    await print(context, error.planned, dryRun);
  }
  return false;
}

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

async function print(context: EcpContext, planned: Planned, how: 'request' | 'curl'): Promise<void> {
  const { out } = context;
  if (how === 'curl') return out.write(`${curl(planned)}\n`);
  const { method, url, body } = planned;
  const shown = { method, url, ...(body !== undefined && { body: redactValue(body) }) };
  if (out.machine) return out.data(shown);
  await out.write(`${method} ${url}\n${body === undefined ? '' : `${JSON.stringify(shown.body, null, 2)}\n`}`);
}

/** A command line that does the same. The token and every other secret are references to the environment. */
export function curl({ method, url, bodyKind, body }: Planned): string {
  const parts = ['curl', '--fail-with-body', '--request', method, `--header "Authorization: Bearer $ECP_TOKEN"`];
  if (bodyKind === 'json')
    parts.push("--header 'Content-Type: application/json'", `--data ${quoted(JSON.stringify(body))}`);
  else if (bodyKind) {
    const flag = bodyKind === 'multipart' ? '--form' : '--data-urlencode';
    for (const [name, value] of Object.entries(body as Record<string, unknown>)) {
      if (value !== undefined) parts.push(`${flag} ${field(name, String(value))}`);
    }
  }
  return [...parts, quoted(url)].join(' ');
}

function field(name: string, value: string): string {
  const secret = isSecretName(name) || name === 'file' || /Key$|Crt$/.test(name);
  return secret ? `"${name}=$${variable(name)}"` : quoted(`${name}=${value}`);
}

/** `wssTlsKey` -> `WSS_TLS_KEY` */
function variable(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
