import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { controlPaths } from '../../src/contract/control.ts';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { define } from './context.ts';

export const diag = define({
  path: ['diag'],
  summary: { en: 'Collect what helps to find a fault', zh: '收集诊断信息' },
  description: {
    en: 'Writes a .tar.gz with status, settings, own logs and facts of the machine, and a manifest of it. Secrets are masked. Works also when the agent does not run.',
    zh: '生成包含状态、设置、代理日志、机器信息及清单的 .tar.gz 文件，机密已屏蔽。代理未运行时也可使用。',
  },
  intent: 'local',
  options: {
    file: {
      kind: 'text',
      value: 'FILE',
      fallback: 'emqxee-agent-diag-TIME.tar.gz',
      help: { en: 'Where to write it; it must not exist yet', zh: '输出文件，必须尚不存在' },
    },
  },
  async run(context, { options }) {
    const home = context.home();
    if (!existsSync(home.root)) {
      throw new Failure('not_found', { kind: { en: 'agent home', zh: '代理目录' }, name: home.root });
    }
    const control = await context.control();
    // A hanging agent is what this is for: its silence is part of the picture.
    const status = await control.status(context.signal).catch(() => undefined);
    const metrics = await control.health(controlPaths.metrics, context.signal).catch(() => undefined);
    const { diagBundle } = await import('../service/diag.ts');
    const now = context.clock.now();
    const { bundle, files } = diagBundle({ home, status, metrics: metrics?.text, now });
    const stamp = new Date(now).toISOString().replace(/[-:]|\..*/g, '');
    const path = resolve(options.file ?? `emqxee-agent-diag-${stamp}Z.tar.gz`);
    try {
      writeFileSync(path, bundle, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      throw new Failure('unusable_path', { path, reason: reasonOf(error) });
    }
    if (context.out.machine) return context.out.data({ path, bytes: bundle.length, files });
    await context.out.line(path);
  },
});
