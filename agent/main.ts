import { runProgram } from '../src/cli/run.ts';
import type { Host } from '../src/cli/runtime.ts';
import { program } from './commands/index.ts';

/** Entry of `emqxee-agent`: resolves with the exit code, never ends the process itself. */
export function main(host: Host): Promise<number> {
  return runProgram(program, host);
}
