import { systemClock } from '../../src/core/clock.ts';
import { tokenLives } from '../../src/server/domain/sessions.ts';
import type { RunningServer, ServerOptions } from '../../src/server/main.ts';
import { startServer } from '../../src/server/main.ts';

export const adminPassword = 'correct horse 1';

export interface TestServer extends RunningServer {
  /** What the server said to whoever runs it. */
  readonly lines: string[];
  readonly call: Caller;
  /** A caller that is logged in. */
  as(username: string, password: string): Promise<Caller>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly body: any;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Caller = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** A server in this process on free ports, in memory unless told otherwise, that checks its own answers. */
export async function testServer(overrides: Partial<ServerOptions> = {}): Promise<TestServer> {
  const lines: string[] = [];
  const server = await startServer({
    http: { host: '127.0.0.1', port: 0 },
    mqtt: { host: '127.0.0.1', port: 0 },
    dataDirectory: undefined,
    adminPassword,
    onPassword: () => {},
    platform: 'kubernetes',
    faults: {},
    simulatedMs: 30,
    heartbeatMs: 10_000,
    tokenLives,
    advertiseUrl: undefined,
    advertiseMqtt: undefined,
    agentsDirectory: undefined,
    licenseKey: undefined,
    clock: systemClock,
    log: (level, message) => lines.push(`${level} ${message}`),
    checkAnswers: true,
    ...overrides,
  });
  const call = caller(server.url);
  return {
    ...server,
    lines,
    call,
    as: async (username, password) => {
      const { status, body } = await call('POST', '/api/account/login', { json: { username, password } });
      if (status !== 200) throw new Error(`login of ${username}: ${status} ${JSON.stringify(body)}`);
      return caller(server.url, body.accessToken);
    },
  };
}

export function caller(url: string, token?: string): Caller {
  return async (method, path, { json, form, body, headers } = {}) => {
    const given = json !== undefined ? JSON.stringify(json) : form ? new URLSearchParams(form).toString() : body;
    const type = json !== undefined ? 'application/json' : form ? 'application/x-www-form-urlencoded' : undefined;
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(type !== undefined && { 'content-type': type }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(given !== undefined && { body: given }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : parse(text), headers: response.headers };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The path of the first project that the caller sees. */
export async function firstProject(call: Caller): Promise<string> {
  const { body } = await call('GET', '/api/projects?name=&orgId=');
  return `/api/orgs/${body.data[0].orgId}/projects/${body.data[0].id}`;
}

/** Waits for a task to end and answers it. */
export async function taskEnd(call: Caller, taskId: string): Promise<Answer['body']> {
  for (let turn = 0; turn < 2000; turn++) {
    const { body } = await call('GET', `/api/tasks/${taskId}`);
    if (body.status === 3 || body.status === 4) return body;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`task ${taskId} does not end`);
}

export const basic = (username: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
