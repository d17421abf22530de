import { Failure, reasonOf, usage } from '../../src/core/errors.ts';
import { readSecretFile } from '../../src/core/files.ts';
import type { AgentContext } from './context.ts';

/** One secret and the ways to give it, best last. */
export interface SecretSource {
  /** The flag without dashes; its value stood on the command line. */
  readonly flag: string;
  readonly given: string | undefined;
  /** A path, or `-` for standard input. */
  readonly file: string | undefined;
  readonly env: string;
}

/** Secrets from command line, files, standard input and environment. */
export class SecretInput {
  readonly #context: AgentContext;
  /** Flags whose secrets stood on the command line. */
  readonly onCommandLine: string[] = [];
  #stdinFor: string | undefined;

  constructor(context: AgentContext) {
    this.#context = context;
  }

  /** Undefined where it was not given; one trailing newline of a file is dropped. Throws usage failures. */
  async read({ flag, given, file, env }: SecretSource): Promise<string | undefined> {
    if (given !== undefined && file !== undefined) {
      throw usage(`give either --${flag} or --${flag}-file`, `--${flag} 和 --${flag}-file 只能使用一个`);
    }
    if (given !== undefined) {
      this.onCommandLine.push(`--${flag}`);
      return given;
    }
    if (file === '-') return this.#stdin(flag);
    if (file === undefined) return this.#context.env[env] || undefined;
    try {
      return readSecretFile(file);
    } catch (error) {
      throw new Failure('unusable_path', { path: file, reason: reasonOf(error) });
    }
  }

  async #stdin(flag: string): Promise<string> {
    if (this.#stdinFor !== undefined) {
      throw usage(
        `standard input can hold one secret, not --${this.#stdinFor}-file and --${flag}-file`,
        `标准输入只能提供一个机密，不能同时用于 --${this.#stdinFor}-file 和 --${flag}-file`,
      );
    }
    this.#stdinFor = flag;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#context.host.stdin) {
      const bytes = Buffer.from(chunk as Buffer);
      size += bytes.length;
      if (size > 64 * 1024) throw usage('standard input holds more than a secret', '标准输入的内容过长，不是机密');
      chunks.push(bytes);
    }
    return Buffer.concat(chunks)
      .toString('utf8')
      .replace(/\r?\n$/, '');
  }
}
