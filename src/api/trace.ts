import { isSecretName, redactText, redactValue } from '../core/redact.ts';

/** Takes one line of the `--debug` trace, already without secrets. */
export type Trace = (line: string) => void;

const longest = 2048;

export function traceRequest(trace: Trace | undefined, method: string, url: string, body: unknown): void {
  trace?.(`> ${method} ${redactUrl(url)}${shown(body)}`);
}

export function traceAnswer(trace: Trace | undefined, status: number, ms: number, body: unknown): void {
  trace?.(`< ${status} ${Math.round(ms)}ms${shown(body)}`);
}

export function traceNote(trace: Trace | undefined, text: string): void {
  trace?.(`* ${redactText(text)}`);
}

function shown(body: unknown): string {
  if (body === undefined || body === '') return '';
  const text = typeof body === 'string' ? redactText(body) : JSON.stringify(redactValue(body));
  return ` ${text.length > longest ? `${text.slice(0, longest)}... (${text.length} characters)` : text}`;
}

function redactUrl(text: string): string {
  const url = new URL(text);
  for (const name of [...url.searchParams.keys()]) if (isSecretName(name)) url.searchParams.set(name, '******');
  return url.href;
}
