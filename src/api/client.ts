import type { AccountApi } from './account.ts';
import { accountApi } from './account.ts';
import type { ClustersApi } from './clusters.ts';
import { clustersApi } from './clusters.ts';
import type { LogsApi } from './logs.ts';
import { logsApi } from './logs.ts';
import type { OrgsApi } from './orgs.ts';
import { orgsApi } from './orgs.ts';
import type { PlatformApi } from './platform.ts';
import { platformApi } from './platform.ts';
import type { Transport } from './transport.ts';

/** One ECP, with its calls as typed functions. */
export interface Client {
  readonly transport: Transport;
  readonly account: AccountApi;
  readonly orgs: OrgsApi;
  readonly clusters: ClustersApi;
  readonly logs: LogsApi;
  readonly platform: PlatformApi;
}

export function createClient(transport: Transport): Client {
  return {
    transport,
    account: accountApi(transport),
    orgs: orgsApi(transport),
    clusters: clustersApi(transport),
    logs: logsApi(transport),
    platform: platformApi(transport),
  };
}
