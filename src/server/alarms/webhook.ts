import { Failure } from '../../core/errors.ts';
import { httpAddress } from '../domain/address.ts';

const patienceMs = 10_000;

/** Calls a webhook. Anything but 2xx is a failure; a redirect is not followed, because the headers may be secrets. */
export async function callWebhook(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  stop?: AbortSignal,
): Promise<void> {
  const type = isJson(body) ? 'application/json' : 'text/plain; charset=utf-8';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([AbortSignal.timeout(patienceMs), ...(stop ? [stop] : [])]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
}

/** Refuses an address or headers that no request can be made with. */
export function checkWebhook(url: string, headers: Readonly<Record<string, string>>): void {
  httpAddress(url);
  try {
    new Headers({ ...headers });
  } catch {
    throw new Failure('invalid_value', { name: 'headers', reason: 'a name or value is none that HTTP allows' });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
