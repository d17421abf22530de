import { agentApi } from '../../src/api/agent.ts';
import type { Client } from '../../src/api/client.ts';
import { createClient } from '../../src/api/client.ts';
import { fixedToken } from '../../src/api/tokens.ts';
import type { CallInput, Transport } from '../../src/api/transport.ts';
import { createTransport } from '../../src/api/transport.ts';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import { newPassword, orgsAndUsers } from './walk-access.ts';
import { hostedLife, managedLife } from './walk-clusters.ts';
import { platform } from './walk-platform.ts';

/** A caller in one project, and what it has called. */
export interface Walker {
  readonly client: Client;
  readonly transport: Transport;
  readonly baseUrl: string;
  readonly orgId: string;
  readonly projectId: string;
  /** Calls what `src/api` has no function for. Resolves with undefined where the server refuses: Prism has seen it then. */
  tryCall<E extends Endpoint>(endpoint: E, input: CallInput<E>): Promise<unknown>;
  /** Runs what may be refused. */
  tried<T>(work: Promise<T>): Promise<T | undefined>;
  /** A transport with this token; its calls count too. */
  withToken(token: string): Transport;
}

export interface Walked {
  /** `clusters.list` and the like: the functions of the client that were called, and all that there are. */
  readonly called: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
}

/** Calls every function of `src/api` and every further endpoint of the contract, in an order that a user could have. */
export async function walk(
  baseUrl: string,
  { username, password, license }: { username: string; password: string; license: string },
): Promise<Walked> {
  const called = new Set<string>();
  const functions = new Set<string>();
  const open: Transport[] = [];
  const connect = (token?: string) => {
    const transport = createTransport({ baseUrl, tokens: token === undefined ? undefined : fixedToken(token) });
    open.push(transport);
    return transport;
  };
  const watched = (transport: Transport) => watch(createClient(transport), functions, called);
  const tried = <T>(work: Promise<T>) => work.catch(() => undefined);

  try {
    const { accessToken } = await watched(connect()).account.login(username, password);
    const transport = connect(accessToken);
    const client = watched(transport);
    await client.account.profile();
    await client.account.roles();
    const [project] = await client.orgs.projects('');
    if (!project) throw new Error('the server has no project');
    const walker: Walker = {
      client,
      transport,
      baseUrl,
      orgId: project.orgId,
      projectId: project.id,
      tryCall: (endpoint, input) => tried(transport.call(endpoint, input)),
      tried,
      withToken: (token) => connect(token),
    };
    await client.orgs.names();
    await client.orgs.projectNames(project.orgId);
    await hostedLife(walker);
    await managedLife(walker, (token) => watch({ agent: agentApi(connect(token)) }, functions, called).agent);
    await orgsAndUsers(walker, (token) => watched(connect(token)));
    await platform(walker, license);
    await client.account.logout();
    await newPassword(walker, (token) => watched(connect(token)), username, password);
  } finally {
    for (const transport of open) await transport.close();
  }
  return { called, functions };
}

/** The same rooms of functions, each of which notes that it was called. */
function watch<T extends object>(rooms: T, functions: Set<string>, called: Set<string>): T {
  const noted = Object.entries(rooms).map(([room, value]) => {
    if (room === 'transport') return [room, value];
    const members = Object.entries(value as Record<string, unknown>).map(([name, work]) => {
      if (typeof work !== 'function') return [name, work];
      functions.add(`${room}.${name}`);
      const note = (...args: unknown[]) => {
        called.add(`${room}.${name}`);
        return work(...args);
      };
      return [name, note];
    });
    return [room, Object.fromEntries(members)];
  });
  return Object.fromEntries(noted) as T;
}
