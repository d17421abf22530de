import { outputGlobals } from '../src/cli/globals.ts';
import type { Program } from '../src/cli/program.ts';
import { runProgram } from '../src/cli/run.ts';
import type { Host, Runtime } from '../src/cli/runtime.ts';

const program: Program<Runtime> = {
  name: 'emqxee-agent',
  summary: { en: 'Connects an EMQX node to EMQX ECP', zh: '把 EMQX 节点接入 EMQX ECP' },
  globals: outputGlobals,
  commands: [],
  nouns: {},
  groups: [],
  topics: [],
  context: (runtime) => runtime,
};

/** Entry of `emqxee-agent`: resolves with the exit code, never ends the process itself. */
export function main(host: Host): Promise<number> {
  return runProgram(program, host);
}
