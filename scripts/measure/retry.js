// What undici's own retry does: how far the clients that failed together are spread, and which writes it repeats.
//   node scripts/measure/retry.js
import { createServer } from 'node:http';
import { Agent, RetryAgent } from 'undici';
import { machine, table } from './kit.js';

const clients = 20;
const arrivals = [];
const server = createServer((request, response) => {
  request.resume();
  arrivals.push({ at: performance.now(), client: request.headers['x-client'], method: request.method });
  response.writeHead(503).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

async function round(method, options) {
  arrivals.length = 0;
  const base = new Agent();
  const agent = new RetryAgent(base, options);
  await Promise.all(
    Array.from({ length: clients }, (_, client) =>
      agent
        .request({
          origin,
          path: '/',
          method,
          headers: { 'x-client': String(client) },
          body: method === 'GET' ? null : '{}',
        })
        .then(
          ({ body }) => body.dump(),
          () => {},
        ),
    ),
  );
  await base.destroy();
  const per = byClient();
  const attempts = per.map((list) => list.length);
  // The second attempt of every client, as an offset from the first of all.
  const seconds = per.flatMap((list) => (list[1] ? [list[1].at - list[0].at] : []));
  const spread = seconds.length > 0 ? `${Math.round(Math.max(...seconds) - Math.min(...seconds))} ms` : 'none';
  return [`${Math.min(...attempts)}`, seconds.length > 0 ? `${Math.round(Math.min(...seconds))} ms` : 'none', spread];
}

function byClient() {
  const by = new Map();
  for (const one of arrivals) by.set(one.client, [...(by.get(one.client) ?? []), one]);
  return [...by.values()];
}

console.log(`${machine()}, undici RetryAgent, ${clients} clients that all get 503`);
const options = { maxRetries: 2, minTimeout: 500, timeoutFactor: 2 };
table([
  ['request', 'attempts of a client', 'first pause', 'spread of the second attempts'],
  ['GET, as it comes', ...(await round('GET', options))],
  ['PUT, as it comes', ...(await round('PUT', options))],
  ['POST, as it comes', ...(await round('POST', options))],
  ['POST, allowed by its options', ...(await round('POST', { ...options, methods: ['POST'] }))],
]);
console.log('Full jitter would spread the second attempts over the whole first pause.');
server.close();
