// Stands in for `undici` inside the bundles. The package's own entry also loads fetch, WebSocket, caches, mocks and
// SOCKS: 76 ms of start and 21 MB against 25 ms and 12 MB for the parts that we use (Node 20, medians of nine starts).
import api from 'undici/lib/api/index.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';

// As the package's entry does: request(), stream() and the like become methods of every dispatcher.
Object.assign(Dispatcher.prototype, api);

/** As undici's own, but without a global dispatcher: the caller names one. */
export function request(url, { dispatcher, ...options }) {
  const { origin, pathname, search } = new URL(url);
  return dispatcher.request({ ...options, origin, path: pathname + search });
}

export { Agent, EnvHttpProxyAgent, Pool };
