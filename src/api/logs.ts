import type { QueryOf } from '../contract/endpoint.ts';
import type { LogPage } from '../contract/logs.ts';
import { queryLogs } from '../contract/logs.ts';
import type { Place } from './clusters.ts';
import type { Transport } from './transport.ts';

export type LogQuery = Partial<QueryOf<typeof queryLogs>>;

export interface LogsApi {
  /** One page of the EMQX log of a project; `start` and `end` in seconds. */
  query(place: Place, query: LogQuery, signal?: AbortSignal): Promise<LogPage>;
}

export function logsApi({ call }: Transport): LogsApi {
  return {
    query: ({ orgId, projectId }, query, signal) => call(queryLogs, { params: { orgId, projectId }, query }, signal),
  };
}
