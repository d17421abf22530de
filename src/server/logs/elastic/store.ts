import type { Clock } from '../../../core/clock.ts';
import { Failure, isFailure } from '../../../core/errors.ts';
import type { Retention } from '../retention.ts';
import type { LogStore } from '../store.ts';
import type { EngineTarget } from './client.ts';
import { EngineClient } from './client.ts';
import { LogIndex } from './log-index.ts';
import { ElasticReader } from './reader.ts';
import { ElasticRetainer } from './retention.ts';

export interface ElasticOptions {
  readonly target: EngineTarget;
  /** What is left out is not limited. */
  readonly retention: Partial<Retention>;
  readonly clock: Clock;
  readonly tell: (level: 'info' | 'warning', message: string) => void;
}

/**
 * Opens the log in a search engine, to which agents send by themselves. An engine that is out of reach is told of and
 * waited for; one that answers and cannot be used is a failure: `unusable_path`.
 */
export async function openElasticLog({ target, retention, clock, tell }: ElasticOptions): Promise<LogStore> {
  const client = new EngineClient(target, tell);
  const index = new LogIndex(client);
  const reader = new ElasticReader(client, index, clock.monotonic);
  const retainer = new ElasticRetainer(client, index, retention);
  const close = async (): Promise<void> => {
    retainer.stop();
    await client.close();
  };
  try {
    const { substrings } = await index.open();
    if (!substrings)
      tell('warning', `logs: the index ${target.index} has no part that finds substrings; texts are slow`);
  } catch (error) {
    if (!isFailure(error, 'not_available') || client.isRefused) {
      await close();
      throw isFailure(error, 'not_available')
        ? new Failure('unusable_path', { path: target.url, reason: String(error.values.reason) }, { cause: error })
        : error;
    }
  }
  return {
    intake: { urls: [target.url], ...target.agentAccount, indexName: target.index },
    isUp: () => client.isUp,
    query: (query) => reader.query(query),
    dropCluster: (clusterId) => retainer.dropCluster(clusterId),
    retain: async (now) => {
      try {
        await index.open();
        await retainer.retain(now);
      } catch (error) {
        // An engine out of reach has been told of; its turn comes again.
        if (!isFailure(error, 'not_available')) throw error;
      }
    },
    close,
  };
}
