import type {
  RegisterAnswer,
  RegisterRequest,
  UnregisterAnswer,
  UnregisterRequest,
} from '../../src/contract/control.ts';
import { Failure } from '../../src/core/errors.ts';
import type { AgentContext } from './context.ts';

/** Does what the agent would do, while none is running: writes its files with the right owner. */
export async function registerLocally(context: AgentContext, request: RegisterRequest): Promise<RegisterAnswer> {
  const { join } = await import('../ecp/membership.ts');
  const answer = await join(request, { ...(await membership(context)), joined: () => {} });
  if (!request.dryRun) {
    context.out.note({
      en: 'No agent is running; it takes effect with: emqxee-agent start',
      zh: '代理没有运行；执行 emqxee-agent start 后生效',
    });
  }
  return answer;
}

export async function unregisterLocally(context: AgentContext, request: UnregisterRequest): Promise<UnregisterAnswer> {
  const { leave } = await import('../ecp/membership.ts');
  return leave({ force: request.force ?? false }, await membership(context));
}

async function membership(context: AgentContext) {
  const home = context.home();
  const { runningAgent } = await import('../service/pidfile.ts');
  const running = runningAgent(home.pidFile);
  // Behind the back of a living agent nothing may be written: it would go on with what it has in memory.
  if (running) {
    throw new Failure('failed', {
      reason: `the agent (pid ${running.pid}) runs but does not answer on ${home.socket}`,
    });
  }
  const { StateStore } = await import('../config/state.ts');
  const { connectEcp } = await import('../ecp/connect.ts');
  const { loadConfig } = await import('../config/load.ts');
  const say = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    context.out.warn([message, ...Object.values(fields)].join(': '));
  return {
    state: new StateStore(home),
    connect: connectEcp,
    config: await loadConfig(home),
    now: () => context.clock.now(),
    signal: context.signal,
    log: { debug: () => {}, info: () => {}, warn: say, error: say },
  };
}
