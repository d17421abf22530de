import { define } from './context.ts';

export const run = define({
  path: ['run'],
  summary: { en: 'Run the agent in the foreground', zh: '在前台运行代理' },
  description: {
    en: 'What the systemd service and containers run. Ends cleanly on SIGTERM and Ctrl-C; SIGHUP reads agent.yaml anew.',
    zh: 'systemd 服务和容器运行的就是此命令。收到 SIGTERM 或 Ctrl-C 时正常退出；收到 SIGHUP 时重新读取 agent.yaml。',
  },
  intent: 'local',
  examples: [{ run: 'emqxee-agent run --home /data/agent', help: { en: 'In a container', zh: '在容器中运行' } }],
  async run(context) {
    const { Daemon } = await import('../daemon.ts');
    const { detachedMark } = await import('../service/process.ts');
    const { createWatchdog } = await import('../service/watchdog.ts');
    await Daemon.run({
      home: context.home(),
      defaultMode: context.env[detachedMark] ? 'file' : 'console',
      console: context.host.stderr,
      signal: context.signal,
      watchdog: createWatchdog(context.env, () => context.clock.monotonic()),
    });
  },
});
