import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Done, Program, RunOptions } from '../stage.ts';
import { Stage } from '../stage.ts';

/** More lines than this are left out in the middle, and what is longer than a line is cut; both are said. */
const mostLines = 24;
const mostCharacters = 240;

/** A stage whose commands are printed before what they really answer. */
export class Show {
  readonly stage: Stage;
  readonly #facts: { what: string; expected: string; found: string }[] = [];

  constructor(root: string) {
    // Short, because a socket path has room for 100 bytes.
    this.stage = new Stage(root, mkdtempSync(join(tmpdir(), 'ecp-demo-')));
  }

  title(text: string): void {
    console.log(`\n# ${text}`);
  }

  /** Prints the command, runs it, prints its answer. Throws where it does not end with `code`. */
  async run(program: Program, args: readonly string[], options: RunOptions & { code?: number } = {}): Promise<Done> {
    const { code = 0, ...rest } = options;
    const from = options.inputFile === undefined ? '' : ` < ${options.inputFile}`;
    console.log(`\n$ ${program} ${args.map(quoted).join(' ')}${from}`);
    const done = await this.stage.run(program, args, rest);
    const text = shortened(`${done.stdout}${done.stderr}`);
    if (text !== '') console.log(text);
    if (done.code !== code) throw new Error(`${program} ${args.join(' ')} ended with ${done.code}, not ${code}.`);
    return done;
  }

  /** Remembers what should have happened beside what did. */
  fact(what: string, expected: string | number, found: string | number): void {
    this.#facts.push({ what, expected: String(expected), found: String(found) });
  }

  /** Prints the facts; false where one of them is wrong. */
  summary(): boolean {
    console.log('\n# Summary');
    const width = Math.max(...this.#facts.map(({ what }) => what.length));
    for (const { what, expected, found } of this.#facts) {
      const verdict = expected === found ? 'ok' : `WRONG, expected ${expected}`;
      console.log(`  ${what.padEnd(width)}  ${found}  ${verdict}`);
    }
    return this.#facts.length > 0 && this.#facts.every(({ expected, found }) => expected === found);
  }

  async end(): Promise<void> {
    await this.stage.close();
    rmSync(this.stage.folder, { recursive: true, force: true });
  }
}

const quoted = (word: string) => (/^[\w@%+=:,./{}?&<>-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function shortened(text: string): string {
  const lines = text.trimEnd().split('\n');
  const edge = 4;
  const shown =
    lines.length <= mostLines
      ? lines
      : [...lines.slice(0, edge), `  ... ${lines.length - 2 * edge} more lines ...`, ...lines.slice(-edge)];
  return shown.map((line) => (line.length > mostCharacters ? `${line.slice(0, mostCharacters)} ...` : line)).join('\n');
}
