import type { Endpoint } from '../contract/endpoint.ts';

export interface EncodedBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | Uint8Array | undefined;
}

const nothing: EncodedBody = { headers: {}, payload: undefined };

/** Fills the `{name}` places of a path; each value is one segment, whatever stands in it. */
export function fillPath(path: string, params: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

/** `?a=b`; parameters the schema requires are sent empty where nobody gave them (ecp.md section 1). */
export function encodeQuery(query: Readonly<Record<string, unknown>>, required: readonly string[]): string {
  const params = new URLSearchParams();
  for (const name of required) if (query[name] === undefined) params.set(name, '');
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) params.append(name, String(one));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** Forms are forms: ECP reads some writes from a form alone (ecp.md section 1). Absent fields are not sent. */
export async function encodeBody(endpoint: Endpoint, body: unknown): Promise<EncodedBody> {
  if (body === undefined) return nothing;
  if (endpoint.bodyKind === undefined || endpoint.bodyKind === 'json') {
    return { headers: { 'content-type': 'application/json' }, payload: JSON.stringify(body) };
  }
  const fields = Object.entries(body as Record<string, unknown>).filter(([, value]) => value !== undefined);
  if (endpoint.bodyKind === 'urlencoded') {
    const form = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)]));
    return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: form.toString() };
  }
  const form = new FormData();
  for (const [name, value] of fields) {
    // What ECP reads from a part named `file` must come as a file, with a name of its own.
    if (name === 'file') form.append(name, new Blob([String(value)]), 'file');
    else form.append(name, String(value));
  }
  // Node's own way to write a form down; it is small, and rare.
  const written = new Response(form);
  return {
    headers: { 'content-type': written.headers.get('content-type') ?? '' },
    payload: Buffer.from(await written.arrayBuffer()),
  };
}
