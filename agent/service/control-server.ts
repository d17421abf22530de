import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import {
  type AgentStatus,
  type ControlError,
  controlPaths,
  type RegisterAnswer,
  RegisterRequest,
  type UnregisterAnswer,
  UnregisterRequest,
} from '../../src/contract/control.ts';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { ownedDirectory } from '../config/state.ts';
import { isReady, liveness } from '../health/health.ts';
import { metricsText } from '../health/metrics.ts';

/** What the control socket can ask of the agent. */
export interface Controls {
  status(): AgentStatus;
  register(request: RegisterRequest): Promise<RegisterAnswer>;
  unregister(request: UnregisterRequest): Promise<UnregisterAnswer>;
}

/** A registration with its CA bundle; nothing larger has business here. */
const largestBody = 1024 * 1024;

/**
 * Listens on the control socket. The socket is 0600 in a 0700 directory, so that the system itself lets in nobody but
 * root and the agent's own user; Node cannot ask for the peer's credentials. Throws `already_running`, `unusable_path`.
 */
export async function listenOnSocket(path: string, home: string, controls: Controls): Promise<Server> {
  const directory = dirname(path);
  try {
    ownedDirectory(directory, home);
    chmodSync(directory, 0o700);
  } catch (error) {
    throw new Failure('unusable_path', { path: directory, reason: reasonOf(error) });
  }
  if (existsSync(path)) {
    // The pid file is ours already; this is for an agent whose pid file somebody removed.
    if (await answers(path)) throw new Failure('already_running', { name: 'emqxee-agent', pid: '?' });
    rmSync(path, { force: true });
  }
  const server = createServer((request, response) => void serve(request, response, controls, true));
  // The socket must never exist with wider rights, not even between bind and chmod.
  const before = process.umask(0o177);
  try {
    await listening(server, () => server.listen(path));
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) });
  } finally {
    process.umask(before);
  }
  return server;
}

/** Health alone, without any control, for probes that cannot reach a socket. */
export async function listenOnLoopback(
  { host, port }: { host: string; port: number },
  controls: Pick<Controls, 'status'>,
): Promise<Server> {
  const server = createServer((request, response) => void serve(request, response, controls, false));
  await listening(server, () => server.listen(port, host));
  return server;
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 200).unref();
  });
}

function listening(server: Server, listen: () => void): Promise<void> {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    // Bind and listen happen inside this call, which is what makes the umask above enough.
    listen();
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  controls: Pick<Controls, 'status'> & Partial<Controls>,
  trusted: boolean,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://agent');
  const { register, unregister } = controls;
  try {
    if (request.method === 'GET' && pathname === controlPaths.live) return json(response, 200, liveness());
    if (request.method === 'GET' && pathname === controlPaths.ready) {
      const { ready, reasons } = isReady(controls.status());
      return json(response, ready ? 200 : 503, { ready, reasons });
    }
    if (request.method === 'GET' && pathname === controlPaths.metrics) {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(metricsText(controls.status()));
      return;
    }
    if (trusted && request.method === 'GET' && pathname === controlPaths.status) {
      return json(response, 200, controls.status());
    }
    if (trusted && request.method === 'POST' && pathname === controlPaths.register && register) {
      return json(response, 200, await register(await readBody(request, RegisterRequest)));
    }
    if (trusted && request.method === 'POST' && pathname === controlPaths.unregister && unregister) {
      return json(response, 200, await unregister(await readBody(request, UnregisterRequest)));
    }
    json(response, 404, wrap(new Failure('not_found', { kind: { en: 'address', zh: '地址' }, name: pathname })));
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure('internal', { reason: reasonOf(error) });
    json(response, 400, wrap(failure));
  }
}

async function readBody<Schema extends TSchema>(request: IncomingMessage, schema: Schema): Promise<Static<Schema>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new Failure('usage', { reason: 'the request is larger than 1 MiB' });
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  } catch {
    throw new Failure('usage', { reason: 'the request is not JSON' });
  }
  if (Value.Check(schema, body)) return body;
  const key = Value.Errors(schema, body).First()?.path || '/';
  throw new Failure('usage', { reason: `the request's ${key} is not what the agent expects` });
}

function wrap(failure: Failure): ControlError {
  const { code, values, hint, status } = failure;
  return { error: { code, values: { ...values }, ...(hint && { hint }), ...(status && { status }) } };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
