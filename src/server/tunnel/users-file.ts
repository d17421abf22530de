import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { reasonOf } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';

export interface User {
  readonly name: string;
  readonly password: string;
}

/** Mosquitto's own figure; what agents are given is 256 random bits, which no number of rounds makes stronger. */
const rounds = 101;

/**
 * The users whom a broker of others must admit, in mosquitto's format: `NAME:$7$ROUNDS$SALT$HASH`, PBKDF2 with SHA-512
 * (what mosquitto_passwd(1) writes). Written when somebody comes or goes, in one step; the broker reads
 * it again when it is told to. Its group may read it: the broker runs as another user.
 */
export class UsersFile {
  readonly #path: string;
  readonly #log: (level: 'error', message: string) => void;
  readonly #lines = new Map<string, string>();
  #written: string | undefined;
  #told: string | undefined;

  constructor(path: string, log: (level: 'error', message: string) => void) {
    this.#path = path;
    this.#log = log;
  }

  /** Throws what the file system says. */
  write(users: readonly User[]): void {
    const text = users.map((user) => this.#line(user)).join('');
    if (text === this.#written) return;
    writeFileAtomic(this.#path, text, { mode: 0o640 });
    this.#written = text;
    const names = new Set(users.map(({ name }) => name));
    for (const name of [...this.#lines.keys()]) if (!names.has(name)) this.#lines.delete(name);
  }

  /** Never throws: a disk that is full today is tried again with the next call. */
  update(users: readonly User[]): void {
    try {
      this.write(users);
      this.#told = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#told) this.#log('error', `the broker's users cannot be written: ${reason}`);
      this.#told = reason;
    }
  }

  /** The same user keeps the same line, salt included, so that a file only changes when the users do. */
  #line({ name, password }: User): string {
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const salt = randomBytes(12);
    const hash = pbkdf2Sync(password, salt, rounds, 64, 'sha512');
    const line = `${name}:$7$${rounds}$${salt.toString('base64')}$${hash.toString('base64')}\n`;
    this.#lines.set(name, line);
    return line;
  }
}
