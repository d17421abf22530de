import type { Program } from '../../src/cli/program.ts';
import { configCheck } from './config-check.ts';
import { type AgentContext, agentContext, globals } from './context.ts';
import { deadletterList, deadletterPurge, deadletterReplay, deadletterShow } from './deadletter.ts';
import { diag } from './diag.ts';
import { health } from './health.ts';
import { install, uninstall } from './install.ts';
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
  commands: [
    install,
    uninstall,
    start,
    stop,
    restart,
    run,
    register,
    unregister,
    status,
    health,
    configCheck,
    deadletterList,
    deadletterShow,
    deadletterReplay,
    deadletterPurge,
    diag,
    version,
  ],
  nouns: {
    config: { en: 'The settings in agent.yaml', zh: 'agent.yaml 中的设置' },
    deadletter: { en: 'Log records that were refused', zh: '被拒收的日志' },
  },
  groups: [
    { title: { en: 'Service', zh: '服务' }, names: ['install', 'uninstall', 'start', 'stop', 'restart', 'run'] },
    { title: { en: 'Registration', zh: '注册' }, names: ['register', 'unregister'] },
    { title: { en: 'Look', zh: '查看' }, names: ['status', 'health', 'config', 'deadletter', 'diag', 'version'] },
  ],
  topics: [],
  context: agentContext,
};
