import { request } from 'node:http';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import {
  AgentStatus,
  ControlError,
  controlPaths,
  RegisterAnswer,
  type RegisterRequest,
  UnregisterAnswer,
  type UnregisterRequest,
} from '../../src/contract/control.ts';
import { type ErrorCode, errors, Failure, reasonOf } from '../../src/core/errors.ts';
import { notAllowed } from './not-allowed.ts';

/** The running agent, seen through its control socket. Every call answers undefined where no agent listens. */
export interface AgentControl {
  status(signal?: AbortSignal): Promise<AgentStatus | undefined>;
  register(request: RegisterRequest, signal?: AbortSignal): Promise<RegisterAnswer | undefined>;
  unregister(request: UnregisterRequest, signal?: AbortSignal): Promise<UnregisterAnswer | undefined>;
  /** Status code and text of `/live`, `/ready`, `/metrics`. */
  health(path: string, signal?: AbortSignal): Promise<{ status: number; text: string } | undefined>;
}

/** Throws `forbidden` for other users, `request_timeout` where the agent hangs, and what the agent itself refused. */
export function agentControl(socketPath: string): AgentControl {
  const call = async <Schema extends TSchema>(
    method: string,
    path: string,
    answer: Schema,
    limitMs: number,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Static<Schema> | undefined> => {
    const got = await send(socketPath, method, path, limitMs, body, signal);
    if (!got) return undefined;
    const value: unknown = parse(got.text);
    if (Value.Check(ControlError, value)) throw failureOf(value);
    if (Value.Check(answer, value)) return value;
    throw new Failure('invalid_answer', { url: socketPath, reason: `HTTP ${got.status}` });
  };
  return {
    status: (signal) => call('GET', controlPaths.status, AgentStatus, 5000, undefined, signal),
    // Both wait for ECP and EMQX to answer or to time out.
    register: (body, signal) => call('POST', controlPaths.register, RegisterAnswer, 120_000, body, signal),
    unregister: (body, signal) => call('POST', controlPaths.unregister, UnregisterAnswer, 120_000, body, signal),
    health: (path, signal) => send(socketPath, 'GET', path, 5000, undefined, signal),
  };
}

function send(
  socketPath: string,
  method: string,
  path: string,
  limitMs: number,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        headers: { 'content-type': 'application/json' },
        ...(signal && { signal }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    outgoing.setTimeout(limitMs, () =>
      outgoing.destroy(new Failure('request_timeout', { url: socketPath, limit: `${limitMs / 1000}s` })),
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) return reject(signal.reason);
      if (error instanceof Failure) return reject(error);
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return resolve(undefined);
      // The agent was killed between taking the connection and answering. A question then has no answer; what it was
      // told to do may be half done, and that the caller must hear.
      if (error.code === 'ECONNRESET' && method === 'GET') return resolve(undefined);
      if (error.code === 'EACCES' || error.code === 'EPERM') return reject(notAllowed());
      reject(new Failure('unreachable', { url: socketPath, reason: reasonOf(error) }));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function failureOf({ error }: ControlError): Failure {
  const { code, values, hint, status } = error;
  if (!Object.hasOwn(errors, code)) return new Failure('failed', { reason: code });
  return new Failure(code as ErrorCode, values, { hint, status });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
