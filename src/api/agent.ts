import type { Metadata, Report } from '../contract/agent.ts';
import { getMetadata, registerAgent, reportAgent, unregisterAgent } from '../contract/agent.ts';
import type { Transport } from './transport.ts';

/** What an agent asks of ECP; all but `register` with the agent's own token (contract: ecp.md section 3). */
export interface AgentApi {
  /** The agent's token. A repeat with the same node id is the same agent. */
  register(nodeId: string, registrationToken: string, signal?: AbortSignal): Promise<string>;
  metadata(signal?: AbortSignal): Promise<Metadata>;
  report(report: Report, signal?: AbortSignal): Promise<void>;
  unregister(signal?: AbortSignal): Promise<void>;
}

export function agentApi({ call }: Transport): AgentApi {
  return {
    register: async (nodeId, registrationToken, signal) =>
      (await call(registerAgent, { body: { nodeId, registrationToken } }, signal)).token,
    metadata: (signal) => call(getMetadata, {}, signal),
    report: async (body, signal) => {
      await call(reportAgent, { body }, signal);
    },
    unregister: async (signal) => {
      await call(unregisterAgent, {}, signal);
    },
  };
}
