import { type AgentContext, define } from './context.ts';

/** How long a start may take; a busy small machine needs seconds to load Node. */
const startLimitMs = 30_000;

export const start = define({
  path: ['start'],
  summary: { en: 'Start the agent in the background', zh: '在后台启动代理' },
  description: {
    en: 'Starts the systemd service where `install` has made one, and a background process otherwise. Comes before `register`. Nothing happens when the agent is running already.',
    zh: '如果已用 `install` 安装 systemd 服务，则启动该服务，否则启动后台进程。应在 `register` 之前执行。代理已在运行时不做任何操作。',
  },
  intent: 'local',
  examples: [{ run: 'sudo emqxee-agent start', help: { en: 'Start', zh: '启动' } }],
  run: (context) => startAgent(context),
});

/** Resolves with the exit code; the same for `start` and `restart`. */
export async function startAgent(context: AgentContext): Promise<number> {
  const home = context.home();
  const control = await context.control();
  const running = await control.status(context.signal);
  if (running) {
    context.out.note({ en: 'Already running (pid {pid}).', zh: '已在运行（进程号 {pid}）。' }, { pid: running.pid });
    return 0;
  }
  const { systemdService } = await import('../service/systemd.ts');
  const service = systemdService(home);
  if (service) {
    await service.start();
    context.out.note({ en: 'Service started.', zh: '服务已启动。' });
    return 0;
  }
  const { startDetached } = await import('../service/process.ts');
  const { env, clock, signal } = context;
  const started = await startDetached({ home, env, clock, signal, control, limitMs: startLimitMs });
  if ('exit' in started) {
    context.host.stderr.write(started.said);
    return started.exit || 1;
  }
  context.out.note({ en: 'Started (pid {pid}).', zh: '已启动（进程号 {pid}）。' }, { pid: started.pid });
  return 0;
}
