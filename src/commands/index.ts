import { outputGlobals } from '../cli/globals.ts';
import type { Program } from '../cli/program.ts';
import type { Runtime } from '../cli/runtime.ts';
import { server } from './server.ts';

/** `ecpctl` as a value: its commands in the order of the overview. */
export const program: Program<Runtime> = {
  name: 'ecpctl',
  summary: { en: 'Manage EMQX clusters through EMQX ECP', zh: '通过 EMQX ECP 管理 EMQX 集群' },
  globals: outputGlobals,
  commands: [server],
  nouns: {},
  groups: [],
  topics: [],
  context: (runtime) => runtime,
};
