import { type AgentContext, define } from './context.ts';

/** Logs are flushed for at most 10 s; what hangs longer is killed. */
const stopLimitMs = 15_000;

export const stop = define({
  path: ['stop'],
  summary: { en: 'Stop the agent', zh: '停止代理' },
  description: {
    en: 'Lets the agent deliver what it has read, for 10 seconds at most. The registration stays. Nothing happens when no agent is running.',
    zh: '最多等待 10 秒让代理发送已读取的日志。注册信息保留。没有代理在运行时不做任何操作。',
  },
  intent: 'local',
  run: (context) => stopRunning(context),
});

export async function stopRunning(context: AgentContext): Promise<void> {
  const home = context.home();
  const { systemdService } = await import('../service/systemd.ts');
  const service = systemdService(home);
  // An agent that somebody started by hand runs beside the service, not in it.
  if (service && (await service.active())) {
    await service.stop();
    context.out.note({ en: 'Service stopped.', zh: '服务已停止。' });
    return;
  }
  const { stopAgent } = await import('../service/process.ts');
  const stopped = await stopAgent(home, context.clock, stopLimitMs);
  if (!stopped) context.out.note({ en: 'Not running.', zh: '没有运行。' });
  else if (stopped.killed)
    context.out.warn({ en: 'It did not end by itself and was killed.', zh: '代理未能自行退出，已强制终止。' });
  else context.out.note({ en: 'Stopped.', zh: '已停止。' });
}
