import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, reply } from './http5.ts';
import type { Knobs } from './knobs.ts';
import * as answers from './v4.ts';

const started = Date.now();

/**
 * EMQX 4.4 over HTTP. The dashboard port takes dashboard users, the management port AppID and AppSecret; failures of
 * the application come with 200, failures of the transport as plain text (contract: emqx.md B1).
 */
export async function routes4(
  knobs: Knobs,
  management: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  const { pathname } = new URL(request.url ?? '/', 'http://emqx');
  const text = (status: number, body: string, headers: Record<string, string> = {}) => {
    return reply(response, status, 'text/plain', body, headers);
  };
  const json = (body: unknown) => {
    return reply(response, 200, 'application/json', JSON.stringify(body));
  };
  if (knobs.starting) return text(503, '');
  if (pathname === '/status' && management) return text(200, `Node ${knobs.nodes[0]} is started\nemqx is running`);
  if (!pathname.startsWith('/api/v4/')) return page(management, pathname, response);
  const path = pathname.slice('/api/v4'.length);
  if (path === '/auth' && request.method === 'POST' && !management) {
    const { username, password } = JSON.parse(await bodyOf(request)) as Record<string, unknown>;
    const right = username === knobs.username && password === knobs.password;
    return json(right ? { code: 0 } : { message: 'Username/Password error' });
  }
  const expected = management ? `${knobs.apiKey}:${knobs.apiSecret}` : `${knobs.username}:${knobs.password}`;
  const [scheme, value = ''] = (request.headers.authorization ?? '').split(' ', 2);
  if (scheme !== 'Basic' || Buffer.from(value, 'base64').toString() !== expected) {
    return text(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic Realm="minirest-server"' });
  }
  const broken = knobs.broken[path];
  if (broken !== undefined) {
    return broken === 200 ? json({ code: 101, message: 'badrpc' }) : text(broken, 'Internal Error');
  }
  if (path === knobs.dynamicLicensePath && request.method !== 'GET') {
    // Neither method nor body of this call is published (contract: emqx.md B3): the first number in it is the limit.
    const [limit] = /\d+/.exec(await bodyOf(request)) ?? [];
    if (limit === undefined) return json({ code: 107, message: 'bad_param' });
    if (knobs.license !== 'business-critical') return json({ code: 102, message: 'dynamic_license_not_allowed' });
    knobs.dynamicMaxConnections = Number(limit);
    return json({ code: 0 });
  }
  const data = request.method === 'GET' && !knobs.missing.includes(path) ? get(knobs, management, path) : undefined;
  if (data === undefined) return text(404, 'Not found.');
  return json(
    path === '/rules'
      ? { meta: { page: 1, limit: 10_000, hasnext: false, count: 1 }, data, code: 0 }
      : { data, code: 0 },
  );
}

function get(knobs: Knobs, management: boolean, path: string): unknown {
  const enterprise = knobs.edition === 'Enterprise' && !management;
  switch (path) {
    case '/nodes':
      return answers.nodes(knobs);
    case '/brokers':
      return answers.brokers(knobs);
    case '/stats':
      return answers.stats(knobs);
    case '/metrics':
      return answers.metrics(knobs, (Date.now() - started) / 1000);
    case '/monitor/current_metrics':
      return enterprise ? answers.rates() : undefined;
    case '/alarms/activated':
    case '/alarms':
      return answers.alarms(knobs);
    case '/rules':
      return answers.rules(knobs);
    case '/resources':
      return answers.resources();
    case '/listeners':
      return answers.listeners(knobs);
    case '/license_info':
      return enterprise && knobs.license !== 'absent' ? answers.license(knobs) : undefined;
    default:
      return undefined;
  }
}

function page(management: boolean, path: string, response: ServerResponse): unknown {
  const found = !management && path === '/';
  return reply(
    response,
    found ? 200 : 404,
    found ? 'text/html' : 'text/plain',
    found ? '<html><body>EMQX Dashboard</body></html>' : 'Not found.',
  );
}
