import type { Metadata } from '../../src/contract/agent.ts';
import type { RegisterCheck, RegisterRequest } from '../../src/contract/control.ts';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import type { Registration } from '../config/state.ts';
import type { ConnectEcp } from './connect.ts';

export interface EnrolDeps {
  readonly connect: ConnectEcp;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Ends the waiting for ECP. */
  readonly signal?: AbortSignal | undefined;
}

export interface Enrolment {
  readonly registration: Registration;
  /** Absent where ECP accepted the agent but did not answer the next call. */
  readonly metadata: Metadata | undefined;
  readonly check: RegisterCheck;
}

/** What the published guides leave out is EMQX on the same machine (contract: ecp.md section 4). */
const localDashboard = 'http://127.0.0.1:18083';

/** Registers this node at ECP. Throws `bad_registration_token`, `unreachable` and the like: then nothing has changed. */
export async function enrol(request: RegisterRequest, nodeId: string, deps: EnrolDeps): Promise<Enrolment> {
  const address = { url: request.url, ca: request.ca, insecure: request.insecure ?? false };
  const token = await withConnection(deps.connect, address, undefined, async (ecp) => {
    try {
      return await ecp.register(nodeId, request.registrationToken, deps.signal);
    } catch (error) {
      if (error instanceof Failure && (error.status === 401 || error.status === 403)) {
        throw new Failure('bad_registration_token', {}, { status: error.status, cause: error });
      }
      throw error;
    }
  });
  const registration: Registration = {
    version: 1,
    ...address,
    ca: request.ca,
    token,
    registeredAt: deps.now(),
    emqx: emqxOf(request),
    logs: { enabled: request.enableLog ?? request.logDir !== undefined, directory: request.logDir },
  };
  try {
    const metadata = await withConnection(deps.connect, address, token, (ecp) => ecp.metadata(deps.signal));
    return { registration, metadata, check: { subject: 'ecp', ok: true, sentence: `ECP at ${request.url} accepted` } };
  } catch (error) {
    const sentence = `ECP accepted, but does not send its metadata yet: ${reasonOf(error)}`;
    return { registration, metadata: undefined, check: { subject: 'ecp', ok: false, sentence } };
  }
}

/** The part of a registration that concerns EMQX. */
export function emqxOf(request: RegisterRequest): Registration['emqx'] {
  const dashboardUrl = request.dashboardUrl ?? request.apiUrl ?? localDashboard;
  const { username, password, apiKey, apiSecret } = request;
  return { dashboardUrl, apiUrl: request.apiUrl ?? dashboardUrl, username, password, apiKey, apiSecret };
}

/**
 * Takes an agent out of ECP. An ECP that no longer knows its token has nothing left to do. Throws `unreachable` and the
 * like: then the registration stands.
 */
export async function withdraw(registration: Registration, connect: ConnectEcp, signal?: AbortSignal): Promise<void> {
  const { url, ca, insecure, token } = registration;
  try {
    await withConnection(connect, { url, ca, insecure }, token, (ecp) => ecp.unregister(signal));
  } catch (error) {
    if (error instanceof Failure && error.status === 401) return;
    throw error;
  }
}

/** True where the old registration is another agent in ECP's eyes, so that it would stay behind there. */
export function replaced(
  old: Registration,
  oldCluster: string | undefined,
  registration: Registration,
  cluster: string | undefined,
): boolean {
  if (old.url !== registration.url) return true;
  // The same cluster has given this very agent a new token; taking the agent out would undo the registration.
  return oldCluster !== undefined && cluster !== undefined && oldCluster !== cluster;
}

async function withConnection<T>(
  connect: ConnectEcp,
  address: Parameters<ConnectEcp>[0],
  token: string | undefined,
  work: (ecp: Awaited<ReturnType<ConnectEcp>>) => Promise<T>,
): Promise<T> {
  const ecp = await connect(address, token);
  try {
    return await work(ecp);
  } finally {
    await ecp.close();
  }
}
