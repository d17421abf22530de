import { runProgram } from '../cli/run.ts';
import type { Host } from '../cli/runtime.ts';
import { program } from './index.ts';

/** Entry of `ecpctl`: resolves with the exit code, never ends the process itself. */
export function main(host: Host): Promise<number> {
  return runProgram(program, host);
}
