import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A directory whose disk can be full. */
export interface SmallDisk {
  fill(): void;
  /** Makes room again. */
  empty(): void;
  remove(): void;
}

/** A file system of its own in memory where that may be mounted; elsewhere what stands in for a full one. */
export function smallDisk(directory: string): SmallDisk {
  mkdirSync(directory, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'small-disk', directory]).status === 0;
  if (!mounted) return devFull(directory);
  const filler = join(directory, 'filler');
  let isMounted = true;
  const remove = () => {
    if (isMounted) spawnSync('umount', ['-l', directory]);
    isMounted = false;
    process.off('exit', remove);
  };
  process.once('exit', remove);
  return {
    fill() {
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    empty: () => rmSync(filler, { force: true }),
    remove,
  };
}

/** Writing to /dev/full fails as on a full disk: the checkpoint's next version is led there, whenever it can be. */
function devFull(directory: string): SmallDisk {
  const temporary = join(directory, 'checkpoint.json.tmp');
  let timer: NodeJS.Timeout | undefined;
  const empty = () => {
    clearInterval(timer);
    rmSync(temporary, { force: true });
  };
  return {
    fill() {
      timer = setInterval(() => {
        try {
          symlinkSync('/dev/full', temporary);
        } catch {
          // There already, or the file is being written.
        }
      }, 5);
    },
    empty,
    remove: empty,
  };
}
