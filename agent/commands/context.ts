import type { Options } from '../../src/cli/command.ts';
import { defineCommand } from '../../src/cli/command.ts';
import { outputGlobals } from '../../src/cli/globals.ts';
import type { Runtime } from '../../src/cli/runtime.ts';
import { defaultHome, type Home, homeAt } from '../config/home.ts';
import type { AgentControl } from '../service/control-client.ts';

/** What every command of the agent gets. */
export interface AgentContext extends Runtime {
  /** Throws `unusable_path` where `--home` is too long. */
  home(): Home;
  /** The running agent of this home; loads the HTTP client of Node and no other. */
  control(): Promise<AgentControl>;
}

export const globals = {
  ...outputGlobals,
  home: {
    kind: 'text',
    value: 'DIR',
    fallback: defaultHome,
    help: { en: 'Where the agent keeps everything it has', zh: '代理存放全部文件的目录' },
  },
} as const satisfies Options;

export function agentContext(runtime: Runtime): AgentContext {
  const home = () => {
    const given = runtime.globals.home;
    return homeAt(typeof given === 'string' ? given : undefined, process.cwd());
  };
  return {
    ...runtime,
    home,
    control: async () => (await import('../service/control-client.ts')).agentControl(home().socket),
  };
}

export const define = defineCommand<AgentContext>();
