import { version as ours } from '../../src/core/version.ts';
import { define } from './context.ts';

export const version = define({
  path: ['version'],
  summary: { en: 'Show the version', zh: '显示版本' },
  intent: 'local',
  async run(context) {
    const { version: node, arch, platform } = process;
    if (context.out.machine) return context.out.data({ version: ours, node, arch, platform });
    await context.out.line(`emqxee-agent ${ours} (node ${node.slice(1)}, ${platform} ${arch})`);
  },
});
