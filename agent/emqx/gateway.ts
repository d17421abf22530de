import { parseJson } from './credentials.ts';
import { type HttpAnswer, readText } from './http.ts';
import type { Link } from './link.ts';
import type { EmqxGateway, GatewayAnswer, GatewayRequest } from './types.ts';

/** Failures of a token that another login cures (contract: emqx.md A3); every other 401 is EMQX's own answer. */
const stale = new Set(['TOKEN_TIME_OUT', 'BAD_TOKEN']);

/**
 * Requests of others to EMQX, with the agent's credentials. `path` and headers must have been checked; `link` is asked
 * anew for each request, so that new settings count at once.
 */
export function createGateway(link: () => Link | undefined): EmqxGateway {
  return {
    async request(request, signal) {
      const way = link();
      if (!way) throw new Error('The agent is not registered');
      const { http, credentials, apiBase, dashboardBase } = await way.entry(signal);
      const base = request.path.startsWith('/api/') ? apiBase : dashboardBase;
      const send = (authorization: string) =>
        http.request(
          {
            method: request.method,
            base,
            path: request.path,
            headers: { ...request.headers, authorization },
            body: request.body,
          },
          signal,
        );
      const used = await credentials.header(signal);
      const answer = await send(used);
      if (answer.status !== 401 || !isRepeatable(request)) return plain(base, answer);
      const text = await readText(answer.body, 65_536);
      const code = (parseJson(text) as { code?: unknown } | undefined)?.code;
      if (!stale.has(String(code))) return plain(base, answer, text);
      return plain(base, await send(await credentials.renewed(used, signal)));
    },
  };
}

const isRepeatable = ({ body }: GatewayRequest) => body === undefined || body instanceof Uint8Array;

/** `text`: the body, where it has been read already. */
function plain(base: string, { status, headers, body }: HttpAnswer, text?: string): GatewayAnswer {
  return { base, status, headers, body: text === undefined ? body : once(Buffer.from(text)) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
