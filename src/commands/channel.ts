import type { ErrorAnswer, Exchange } from '../api/failure.ts';
import { failureOfAnswer, statusError } from '../api/failure.ts';
import type { EcpContext } from '../cli/session.ts';
import { Failure } from '../core/errors.ts';

const largest = 8 * 1024 * 1024;

/** Reads JSON from EMQX's own API through ECP (ecp.md section 2); `path` begins with a slash. */
export async function callEmqx(context: EcpContext, clusterId: string, path: string): Promise<unknown> {
  const { dashboardPath } = await import('../cli/online.ts');
  const { transport } = await context.client();
  const whole = dashboardPath(clusterId, path);
  const answer = await transport.raw({ method: 'GET', path: whole }, context.signal);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) throw new Failure('invalid_answer', { url: whole, reason: { en: 'too long', zh: '过长' } });
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  if (answer.status >= 400) {
    const { status, headers } = answer;
    const exchange = { url: transport.baseUrl + whole, requestId: '', authenticated: true, params: {} };
    throw failureOfChannel({ status, headers, body }, exchange);
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new Failure('invalid_answer', { url: whole, reason: { en: 'not JSON', zh: '不是 JSON' } });
  }
}

/** ECP's own codes begin here (ecp.md section 1); EMQX 4.4's are small numbers, 5's are words. */
const firstEcpCode = 10_000;

/**
 * What an answer through the channel stands for: EMQX's own refusals are no trouble with ECP's session, rights or
 * addresses, and are said as what EMQX said.
 */
export function failureOfChannel(answer: ErrorAnswer, exchange: Exchange): Failure {
  const { status, body } = answer;
  const ofEcp = (statusError(body)?.code ?? 0) >= firstEcpCode || [502, 503, 504].includes(status);
  if (ofEcp) return failureOfAnswer(answer, exchange);
  const words = wordsOf(body);
  const said = words === '' ? `${status}` : `${status}: ${words}`;
  const reason = { en: `EMQX answered ${said}`, zh: `EMQX 返回 ${said}` };
  const path = new URL(exchange.url).pathname.replace(/^.*?\/dashboard\/[^/]+/, '');
  if (status === 404) return new Failure('not_found', { kind: { en: 'address of EMQX', zh: 'EMQX 地址' }, name: path });
  if (status === 401 || status === 403) return new Failure('forbidden', { reason }, { status });
  return new Failure(status >= 500 ? 'server_failed' : 'refused', { reason }, { status });
}

function wordsOf(body: string): string {
  try {
    const { code, message, reason } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const words = [message ?? reason, typeof code === 'string' && `(${code})`];
    return words.filter((word) => typeof word === 'string').join(' ');
  } catch {
    return body.startsWith('<') ? '' : body.trim().slice(0, 200);
  }
}
