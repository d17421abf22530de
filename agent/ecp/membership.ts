import type { Metadata } from '../../src/contract/agent.ts';
import type { RegisterAnswer, RegisterRequest, UnregisterAnswer } from '../../src/contract/control.ts';
import { reasonOf } from '../../src/core/errors.ts';
import type { AgentConfig } from '../config/load.ts';
import type { Registration, StateStore } from '../config/state.ts';
import type { Logger } from '../part.ts';
import { checkAll } from './checks.ts';
import type { ConnectEcp } from './connect.ts';
import { enrol, replaced, withdraw } from './enrol.ts';

export interface MembershipDeps {
  readonly state: StateStore;
  readonly connect: ConnectEcp;
  readonly config: AgentConfig;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  /** Ends the waiting for ECP. */
  readonly signal?: AbortSignal | undefined;
  /** The new registration is on disk. */
  readonly joined: (registration: Registration, metadata: Metadata | undefined) => void;
}

/**
 * Registers at ECP and keeps what came of it, the same in the running agent and without one. A former registration is
 * replaced only after ECP has accepted the new one; where it was another ECP or cluster, the agent is taken out there.
 */
export async function join(request: RegisterRequest, deps: MembershipDeps): Promise<RegisterAnswer> {
  const { state, connect, now, log, signal } = deps;
  const nodeId = state.nodeId();
  const checking = checkAll(request, deps.config);
  if (request.dryRun) return { nodeId, checks: await checking };
  const old = formerOf(state, log);
  const { registration, metadata, check } = await enrol(request, nodeId, { connect, now, signal });
  state.saveRegistration(registration);
  if (metadata) state.saveMetadata(registration, metadata);
  deps.joined(registration, metadata);
  if (old && replaced(old.registration, old.clusterId, registration, metadata?.clusterId)) {
    await withdraw(old.registration, connect, signal).catch((error: unknown) =>
      log.warn('the former registration could not be taken back', {
        url: old.registration.url,
        reason: reasonOf(error),
      }),
    );
  }
  return { nodeId, ...(metadata && { clusterId: metadata.clusterId }), checks: [check, ...(await checking)] };
}

/** Takes the agent out of ECP and forgets every secret. With `force` also where ECP cannot be told. */
export async function leave(
  { force }: { readonly force: boolean },
  { state, connect, log, signal }: Pick<MembershipDeps, 'state' | 'connect' | 'log' | 'signal'>,
): Promise<UnregisterAnswer> {
  const old = formerOf(state, log);
  if (old) {
    try {
      await withdraw(old.registration, connect, signal);
    } catch (error) {
      if (!force) throw error;
      log.warn('ECP was not told', { reason: reasonOf(error) });
    }
  }
  state.forgetRegistration();
  return { wasRegistered: old !== undefined };
}

/** A damaged registration cannot be taken back, and must not keep anybody from registering anew or leaving. */
function formerOf(
  state: StateStore,
  log: Logger,
): { registration: Registration; clusterId: string | undefined } | undefined {
  try {
    const registration = state.registration();
    if (!registration) return undefined;
    const metadata = state.metadata(registration) as Metadata | undefined;
    return { registration, clusterId: metadata?.clusterId };
  } catch (error) {
    log.warn('the former registration cannot be read', { reason: reasonOf(error) });
    return undefined;
  }
}
