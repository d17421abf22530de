import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Knobs } from './knobs.ts';
import * as answers from './v5.ts';

const realm = { 'www-authenticate': 'Basic Realm="emqx-dashboard"' };

/** EMQX 5 over HTTP: status, login, credentials, the endpoints of `v5.ts`, and its two ways to say 404. */
export function createRoutes5(knobs: Knobs) {
  const tokens = new Set<string>();
  const started = Date.now();
  const setting: Record<string, unknown> = { connection_high_watermark: '80%', connection_low_watermark: '75%' };
  let failures = 0;

  return async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://emqx');
    const json = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      return reply(response, status, 'application/json', JSON.stringify(body), headers);
    };
    const fail = (status: number, code: string, message: unknown, headers?: Record<string, string>) =>
      json(status, { code, message }, headers);

    if (pathname === '/status' || pathname === '/api/v5/status') return status(searchParams, response);
    if (knobs.starting) return reply(response, 503, 'text/plain', '', { 'retry-after': '15' });
    if (!pathname.startsWith('/api/v5/')) return page(pathname, response);
    const path = pathname.slice('/api/v5'.length);
    if (path === '/login' && request.method === 'POST') return login(await bodyOf(request), json, fail);
    if (knobs.missing.includes(path)) return missing(request, response);

    const identity = identify(request.headers.authorization);
    if (identity !== 'known') return fail(401, identity, messages[identity], realm);
    const broken = knobs.broken[path];
    if (broken !== undefined) return fail(broken, 'INTERNAL_ERROR', 'error, badarg');
    if (knobs.role === 'viewer' && request.method !== 'GET') {
      return fail(403, 'UNAUTHORIZED_ROLE', "You don't have permission to access this resource");
    }
    if (path === '/license/setting') return licenseSetting(request, json, fail);
    if (path === '/license' && request.method === 'POST') return newLicense(request, json, fail);
    const answer = request.method === 'GET' ? get(path, Number(searchParams.get('limit') ?? 100)) : undefined;
    if (answer === undefined) return missing(request, response);
    return json(200, answer);
  };

  function get(path: string, limit: number): unknown {
    const node = /^\/nodes\/([^/]+)$/.exec(path)?.[1];
    if (node) return answers.nodes(knobs).find((one) => one.node === decodeURIComponent(node));
    switch (path) {
      case '/nodes':
        return answers.nodes(knobs);
      case '/cluster':
        return answers.cluster(knobs);
      case '/stats':
        return answers.stats(knobs);
      case '/metrics':
        return answers.metrics((Date.now() - started) / 1000);
      case '/monitor_current':
        return answers.monitor(knobs);
      case '/alarms':
        return answers.alarms(knobs, limit);
      case '/rules':
        return answers.rules(knobs, limit);
      case '/connectors':
        return answers.connectors(knobs);
      case '/actions':
        return answers.actions(knobs);
      case '/sources':
        return [];
      case '/bridges':
        return knobs.version.startsWith('6.') ? undefined : answers.bridges(knobs);
      case '/listeners':
        return answers.listeners(knobs);
      case '/license':
        return knobs.license === 'absent' ? undefined : answers.license(knobs);
      case '/configs/log':
        return answers.logConfig(knobs);
      default:
        return undefined;
    }
  }

  function status(query: URLSearchParams, response: ServerResponse): unknown {
    const node = knobs.nodes[0];
    const app = knobs.starting ? 'not_running' : 'running';
    const prefix = knobs.edition === 'Enterprise' ? 'e' : 'v';
    const [type, body]: [string, string] =
      query.get('format') === 'json'
        ? [
            // sic, before 5.7 (contract: emqx.md A4)
            knobs.version.startsWith('5.6') ? 'applicatin/json' : 'application/json',
            JSON.stringify({
              node_name: node,
              rel_vsn: `${prefix}${knobs.version}`,
              broker_status: 'started',
              app_status: app,
            }),
          ]
        : ['text/plain', `Node ${node} is started\nemqx is ${app}`];
    return reply(response, knobs.starting ? 503 : 200, type, body, knobs.starting ? { 'retry-after': '15' } : {});
  }

  function login(
    text: string,
    json: (status: number, body: unknown) => unknown,
    fail: (status: number, code: string, message: unknown) => unknown,
  ): unknown {
    const given = parse(text);
    if (typeof given?.username !== 'string' || typeof given.password !== 'string') {
      return fail(400, 'BAD_REQUEST', { reason: 'required_field', kind: 'validation_error' });
    }
    if (knobs.locked) return fail(401, 'LOGIN_LOCKED', 'Login locked');
    if (given.username !== knobs.username || given.password !== knobs.password) {
      failures += 1;
      if (knobs.lockAfter > 0 && failures >= knobs.lockAfter) knobs.locked = true;
      return fail(401, 'BAD_USERNAME_OR_PWD', 'Auth failed');
    }
    if (knobs.mfa) return fail(401, 'BAD_MFA_TOKEN', { mechanism: 'totp', error: 'missing_mfa_token' });
    const token = randomBytes(24).toString('base64url');
    tokens.add(token);
    const edition = knobs.edition === 'Enterprise' ? 'ee' : 'ce';
    return json(200, { role: knobs.role, token, version: knobs.version, license: { edition } });
  }

  function identify(authorization = ''): 'known' | keyof typeof messages {
    const [scheme, value = ''] = authorization.split(' ', 2);
    if (scheme === 'Bearer') {
      if (knobs.tokens !== 'good') {
        const code = knobs.tokens === 'timeout' ? 'TOKEN_TIME_OUT' : 'BAD_TOKEN';
        knobs.tokens = 'good';
        tokens.clear();
        return code;
      }
      return tokens.has(value) ? 'known' : 'BAD_TOKEN';
    }
    if (scheme !== 'Basic') return 'AUTHORIZATION_HEADER_ERROR';
    return Buffer.from(value, 'base64').toString() === `${knobs.apiKey}:${knobs.apiSecret}`
      ? 'known'
      : 'BAD_API_KEY_OR_SECRET';
  }

  async function licenseSetting(
    request: IncomingMessage,
    json: (status: number, body: unknown) => unknown,
    fail: (status: number, code: string, message: unknown) => unknown,
  ): Promise<unknown> {
    const critical = knobs.license === 'business-critical';
    if (request.method === 'PUT') {
      const { dynamic_max_connections: dynamic, ...rest } = parse(await bodyOf(request)) ?? {};
      const known = !/^5\.[0-6]\./.test(knobs.version);
      if (dynamic !== undefined && !(known && Number.isInteger(dynamic) && Number(dynamic) >= 0)) {
        return fail(400, 'BAD_REQUEST', 'Bad license setting');
      }
      Object.assign(setting, rest);
      // Any other license drops the field without a word and still answers 200 (contract: emqx.md A10).
      if (critical && dynamic !== undefined) knobs.dynamicMaxConnections = Number(dynamic);
    }
    return json(200, { ...setting, ...(critical && { dynamic_max_connections: knobs.dynamicMaxConnections }) });
  }

  async function newLicense(
    request: IncomingMessage,
    json: (status: number, body: unknown) => unknown,
    fail: (status: number, code: string, message: unknown) => unknown,
  ): Promise<unknown> {
    const key = parse(await bodyOf(request))?.key;
    if (typeof key !== 'string') return fail(400, 'BAD_REQUEST', 'Invalid request params');
    const license = Object.hasOwn(knobs.licenseKeys, key) ? knobs.licenseKeys[key] : undefined;
    if (!license) return fail(400, 'BAD_REQUEST', 'Bad license key');
    Object.assign(knobs, license);
    return json(200, answers.license(knobs));
  }
}

const messages = {
  AUTHORIZATION_HEADER_ERROR: 'Support authorization: basic/bearer ',
  BAD_API_KEY_OR_SECRET: 'Check api_key/api_secret',
  BAD_TOKEN: 'Get a token by POST /login',
  TOKEN_TIME_OUT: 'Token expired, get new token by POST /login',
};

/** JSON for who asks for JSON alone, HTML for everybody else (contract: emqx.md A3). */
function missing(request: IncomingMessage, response: ServerResponse): unknown {
  if (request.headers.accept === 'application/json') {
    return reply(response, 404, 'application/json', '{"code":"NOT_FOUND","message":"Request Path Not Found"}');
  }
  const text = '404 - NOT FOUND';
  return reply(
    response,
    404,
    'text/html',
    `<html><head><title>${text}</title></head><body><h1>${text}</h1></body></html>`,
  );
}

function page(path: string, response: ServerResponse): unknown {
  const found = path === '/' || path === '/index.html';
  return reply(
    response,
    found ? 200 : 404,
    'text/html',
    `<html><body>${found ? 'EMQX Dashboard' : '404 - NOT FOUND'}</body></html>`,
  );
}

/** As cowboy answers: with the length, never in chunks. */
export function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): unknown {
  const length = String(Buffer.byteLength(body));
  const all = { server: 'Cowboy', 'content-type': type, 'content-length': length, ...headers };
  return response.writeHead(status, all).end(body);
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
