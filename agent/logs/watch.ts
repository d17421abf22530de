import { basename } from 'node:path';
import { reasonOf } from '../../src/core/errors.ts';
import type { Logger } from '../part.ts';

export interface Watcher {
  close(): Promise<void>;
}

/**
 * Wakes us when something moves in the directory, so that a line need not wait for the next look. A hint and no more:
 * whatever the watcher misses, or cannot do (ENOSPC: no inotify watches left), the next look finds. The hint is the name of
 * what moved, in the directory or its own.
 */
export async function watchDirectory(
  directory: string,
  onHint: (name: string) => void,
  logger: Logger,
): Promise<Watcher> {
  const { watch } = await import('chokidar');
  const watcher = watch(directory, { depth: 0, ignoreInitial: true, ignorePermissionErrors: true });
  let failed = false;
  watcher.on('all', (_event, path) => onHint(basename(path)));
  watcher.on('error', (error) => {
    if (failed) return;
    failed = true;
    logger.info('the log directory cannot be watched; it is looked at by the clock alone', { reason: reasonOf(error) });
    void watcher.close();
  });
  return { close: () => watcher.close() };
}
