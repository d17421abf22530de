import { existsSync } from 'node:fs';
import { usage } from '../../src/core/errors.ts';
import { notAllowed } from '../service/not-allowed.ts';
import { type AgentContext, define } from './context.ts';
import { stopRunning } from './stop.ts';

const root = {
  kind: 'text',
  value: 'DIR',
  help: {
    en: 'Work on the image in this directory instead of this machine; run nothing there',
    zh: '对该目录中的镜像操作，而不是本机；不运行任何程序',
  },
} as const;

export const install = define({
  path: ['install'],
  summary: { en: 'Install the agent as a service', zh: '将代理安装为服务' },
  description: {
    en: 'Makes a systemd service with a user of its own that restarts when it dies. Settings that are there stay. Does not start it. Without systemd it puts program and settings in place.',
    zh: '安装为使用独立用户、异常退出后自动重启的 systemd 服务。保留已有设置。不会启动服务。没有 systemd 时仅放置程序和设置。',
  },
  intent: 'local',
  options: {
    logDir: {
      kind: 'text',
      aliases: ['logDir'],
      value: 'DIR',
      fallback: '/var/log/emqx',
      help: {
        en: "EMQX's log directory, which the agent's user gets to read",
        zh: 'EMQX 的日志目录，代理用户将获得读取权限',
      },
    },
    root,
  },
  examples: [{ run: 'sudo emqxee-agent install', help: { en: 'On this machine', zh: '安装到本机' } }],
  async run(context, { options }) {
    const home = ownHome(context);
    const { underSystemd } = await import('../service/systemd.ts');
    const { install: put, runCommand } = await import('../service/install.ts');
    const { ownCommand } = await import('../service/process.ts');
    const systemd = options.root !== undefined || underSystemd();
    const usual = '/var/log/emqx';
    const installed = await put({
      home,
      root: options.root ?? '',
      systemd,
      command: ownCommand(),
      logDirectory: options.logDir ?? (existsSync(`${options.root ?? ''}${usual}`) ? usual : undefined),
      run: runCommand,
    });
    for (const sentence of installed.todo) context.out.warn(sentence);
    if (systemd) {
      context.out.note({ en: 'Installed. Next: emqxee-agent start', zh: '已安装。下一步：emqxee-agent start' });
    } else {
      context.out.note({
        en: 'Installed without a service, because systemd does not run here. Next: emqxee-agent start, or emqxee-agent run in a container',
        zh: '此处没有运行 systemd，未安装服务。下一步：emqxee-agent start，或在容器中执行 emqxee-agent run',
      });
    }
  },
});

export const uninstall = define({
  path: ['uninstall'],
  summary: { en: 'Remove the service', zh: '卸载服务' },
  description: {
    en: 'Stops the agent and removes service and program. Settings, registration and logs stay; with --purge the node is taken out of ECP and nothing stays.',
    zh: '停止代理并删除服务和程序。保留设置、注册信息和日志；使用 --purge 时先从 ECP 注销，并删除全部文件。',
  },
  intent: 'destroys',
  options: {
    purge: {
      kind: 'flag',
      help: { en: 'Remove settings, registration and logs too', zh: '同时删除设置、注册信息和日志' },
    },
    root,
  },
  async run(context, { options }) {
    const home = context.globals.home === undefined ? ownHome(context) : context.home();
    const { uninstall: remove, runCommand } = await import('../service/install.ts');
    const { underSystemd } = await import('../service/systemd.ts');
    if (options.root === undefined) {
      if (options.purge) await leaveQuietly(context);
      await stopRunning(context);
    }
    await remove({
      home,
      root: options.root ?? '',
      systemd: options.root !== undefined || underSystemd(),
      purge: options.purge ?? false,
      run: runCommand,
    });
    context.out.note(
      options.purge
        ? { en: 'Removed, with everything it had.', zh: '已卸载，并删除了全部文件。' }
        : { en: 'Removed. {home} stays.', zh: '已卸载。保留 {home}。' },
      { home: home.root },
    );
  },
});

/** The service has one place; a second one with `--home` would fight over program and unit. */
function ownHome(context: AgentContext) {
  if (context.globals.home !== undefined) {
    throw usage(
      'the service has a fixed home; --home is for agents without one',
      '服务使用固定目录，--home 仅用于未安装为服务的代理',
    );
  }
  if (process.getuid?.() !== 0) throw notAllowed();
  return context.home();
}

/** A purge goes on also when ECP is gone for good; what stays there is said. */
async function leaveQuietly(context: AgentContext): Promise<void> {
  const { unregisterLocally } = await import('./local.ts');
  const request = { force: true };
  try {
    await ((await (await context.control()).unregister(request, context.signal)) ??
      unregisterLocally(context, request));
  } catch (error) {
    context.out.warn(error instanceof Error ? error.message : String(error));
  }
}
