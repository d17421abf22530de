import { type AgentApi, agentApi } from '../../src/api/agent.ts';
import { fixedToken } from '../../src/api/transport.ts';

/** How to reach ECP; from `register`. */
export interface EcpAddress {
  readonly url: string;
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

export interface EcpConnection extends AgentApi {
  close(): Promise<void>;
}

/** Opens ECP's API, with the agent's token where there is one. HTTP is loaded here and no earlier. */
export type ConnectEcp = (address: EcpAddress, token?: string) => Promise<EcpConnection>;

export const connectEcp: ConnectEcp = async ({ url, ca, insecure }, token) => {
  const { createTransport } = await import('../../src/api/transport.ts');
  const transport = createTransport({
    baseUrl: url,
    tokens: token === undefined ? undefined : fixedToken(token),
    tls: { ca, insecure },
    requestTimeoutMs: 15_000,
    program: 'emqxee-agent',
  });
  return { ...agentApi(transport), close: () => transport.close() };
};
