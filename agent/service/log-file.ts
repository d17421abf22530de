import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ownedDirectory } from '../config/state.ts';

/**
 * A file of our own log, rotated by size to `.1`, `.2` and so on. Trouble with the disk never reaches the caller: the
 * agent goes on without its log, counts what it could not write, and says so in the first line that goes through.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #home: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #fd: number | undefined;
  #size = 0;
  #missed = 0;

  constructor(path: string, home: string, { maxBytes, maxFiles }: { maxBytes: number; maxFiles: number }) {
    this.#path = path;
    this.#home = home;
    this.#maxBytes = maxBytes;
    this.#maxFiles = maxFiles;
  }

  /** Opens the file, so that a wrong path is known at once. */
  open(): void {
    if (this.#fd !== undefined) return;
    ownedDirectory(dirname(this.#path), this.#home);
    this.#fd = openSync(this.#path, 'a', 0o640);
    this.#size = fstatSync(this.#fd).size;
  }

  /** `missed` words the line that stands for lines which could not be written. */
  write(line: string, missed: (count: number) => string): void {
    try {
      this.open();
      if (this.#size > 0 && this.#size + line.length > this.#maxBytes) this.#rotate();
      if (this.#missed > 0) {
        this.#append(missed(this.#missed));
        this.#missed = 0;
      }
      this.#append(line);
    } catch {
      this.#missed += 1;
      this.close();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #append(line: string): void {
    if (this.#fd !== undefined) this.#size += writeSync(this.#fd, line);
  }

  #rotate(): void {
    this.close();
    const name = (number: number) => (number === 0 ? this.#path : `${this.#path}.${number}`);
    rmSync(name(this.#maxFiles - 1), { force: true });
    for (let number = this.#maxFiles - 2; number >= 0; number--) {
      try {
        renameSync(name(number), name(number + 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    this.open();
  }
}
