import { failureOfAnswer } from '../api/failure.ts';
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
    throw failureOfAnswer({ status, headers, body }, exchange);
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new Failure('invalid_answer', { url: whole, reason: { en: 'not JSON', zh: '不是 JSON' } });
  }
}
