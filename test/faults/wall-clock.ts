import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian, Fedora and Alpine put the library that stands between a process and its clock. */
const places = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib64/faketime/libfaketime.so.1',
  '/usr/lib/faketime/libfaketime.so.1',
];
const library = places.find((place) => existsSync(place));

/** The wall clock of another process, set while it runs, as an administrator does. Its monotonic clock stays true. */
export class WallClock {
  private readonly file: string;

  /** False where libfaketime is not installed. */
  static readonly isThere = library !== undefined;

  constructor(root: string) {
    this.file = join(root, 'clock');
    this.shift(0);
  }

  /** What the process must be started with. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
      // What files say of their times is left as it is: on a machine whose clock was set they keep theirs, too.
      NO_FAKE_STAT: '1',
    };
  }

  /** `ms` from the true time, from now on. */
  shift(ms: number): void {
    const seconds = Math.round(ms / 1000);
    // Replaced in one step: half a number would be another time.
    writeFileSync(`${this.file}.new`, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}
