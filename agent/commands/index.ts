import type { Program } from '../../src/cli/program.ts';
import { type AgentContext, agentContext, globals } from './context.ts';
import { health } from './health.ts';
import { register } from './register.ts';
import { restart } from './restart.ts';
import { run } from './run.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { unregister } from './unregister.ts';
import { version } from './version.ts';

/** `emqxee-agent` as a value. */
export const program: Program<AgentContext> = {
  name: 'emqxee-agent',
  summary: { en: 'Connects an EMQX node to EMQX ECP', zh: '把 EMQX 节点接入 EMQX ECP' },
  globals,
  commands: [start, stop, restart, status, register, unregister, run, health, version],
  nouns: {},
  groups: [
    { title: { en: 'Service', zh: '服务' }, names: ['start', 'stop', 'restart', 'run'] },
    { title: { en: 'Registration', zh: '注册' }, names: ['register', 'unregister'] },
    { title: { en: 'Look', zh: '查看' }, names: ['status', 'health', 'version'] },
  ],
  topics: [],
  context: agentContext,
};
